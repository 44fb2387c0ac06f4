"""The bugs of updates: where each would be, and the test that finds it.

Each is one that somebody might well write, in the most dangerous thing that naptime does.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands in a file once, and what would stand there instead."""

    file: str
    right: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug: how the code would be, and the test that fails."""

    name: str
    found_by: str
    edits: tuple[Edit, ...]


UPDATES = "tests/service/updates"

BUGS = (
    Bug(
        "owned is taken from a stale row",
        f"{UPDATES}/test_updates.py::test_the_row_is_read_anew_before_the_write",
        (Edit("shared/reconcile/fleet/shift.py", "        await one.remember()\n", ""),),
    ),
    Bug(
        "the brake counts a shard",
        f"{UPDATES}/test_brake.py::test_the_brake_counts_the_run_and_not_its_shards",
        (
            Edit(
                "shared/reconcile/fleet/updates/plans.py",
                "                    drifts |= _drifts(batch)\n",
                "                    drifts = max(drifts, _drifts(batch), key=len)\n",
            ),
        ),
    ),
    Bug(
        "the clocks are followed while the window is open",
        f"{UPDATES}/test_clocks.py"
        "::test_down_over_the_change_one_opening_is_off_and_the_next_is_right",
        (
            Edit(
                "shared/domain/deciding/own/drift.py",
                "    if coming.start < owned.now + owned.margin:\n",
                "    if not clocks and coming.start < owned.now + owned.margin:\n",
            ),
        ),
    ),
    Bug(
        "an approval is for whatever there is",
        f"{UPDATES}/test_brake.py::test_an_approval_is_for_one_plan",
        (
            Edit(
                "shared/reconcile/fleet/updates/approve.py",
                '        if verdict["planHash"] != planned:\n',
                '        if not verdict["planHash"]:\n',
            ),
        ),
    ),
    Bug(
        "what was let go is put back",
        f"{UPDATES}/test_undo.py::test_a_revert_leaves_what_was_let_go_though_it_looks_as_before",
        (
            Edit(
                "shared/domain/deciding/written.py",
                "        return self.by in _NAPTIMES and not self.let_go\n",
                "        return self.by in _NAPTIMES\n",
            ),
        ),
    ),
    Bug(
        "the run that creates changes as well",
        f"{UPDATES}/test_brake.py::test_creations_are_never_braked",
        (
            Edit(
                "shared/reconcile/cluster/own/schedule.py",
                "    permit: Permit | None = None\n",
                "    permit: Permit | None = Anything()\n",
            ),
            Edit(
                "shared/reconcile/cluster/own/schedule.py",
                "import Permit, Planned\n",
                "import Anything, Permit, Planned\n",
            ),
            Edit(
                "shared/reconcile/fleet/shift.py",
                "        one.own.permit, one.own.run_id = cluster.update, self.record.run_id\n",
                "",
            ),
        ),
    ),
    Bug(
        "a changed schedule starts a week later",
        f"{UPDATES}/test_updates.py::test_a_changed_schedule_opens_as_soon_as_the_policy_wants",
        (
            Edit(
                "shared/domain/deciding/own/drift.py",
                "    return Drift(before, after, planned, ",
                "    planned = replace(planned, start_date=start.date() + timedelta(days=7))\n"
                "    return Drift(before, after, planned, ",
            ),
        ),
    ),
    Bug(
        "the offset is that of now and not of the next opening",
        f"{UPDATES}/test_clocks.py::test_the_minder_asks_for_a_run_in_the_closed_time",
        (
            Edit(
                "shared/domain/policy/windows.py",
                "        window = self._at(local, start)\n        planned",
                "        offset = now.astimezone(self.zone).utcoffset()\n"
                "        window = self._at(local, start)\n"
                "        window = replace(window, utc_offset=offset or timedelta())\n"
                "        planned",
            ),
        ),
    ),
    Bug(
        "the record is written before the PUT is accepted",
        f"{UPDATES}/test_updates.py::test_a_refused_update_leaves_it_owned",
        (
            Edit(
                "shared/reconcile/ground/memory.py",
                '        values: Values = {"sending": record_to_text(intended)}\n',
                "        values: Values = intended.to_values()\n",
            ),
        ),
    ),
    Bug(
        "what is adopted is compared without its dates",
        f"{UPDATES}/test_undo.py::test_only_what_is_identical_is_adopted",
        (
            Edit(
                "shared/domain/deciding/own/own_checks.py",
                "    return same and seen.next_start(after) == wanted.next_start(after)\n",
                "    return same\n",
            ),
        ),
    ),
    Bug(
        "any look clears what is being sent",
        f"{UPDATES}/test_late.py"
        "::test_a_look_that_saw_what_was_before_does_not_clear_what_is_being_sent",
        (
            Edit(
                "shared/domain/deciding/last_outcome.py",
                '    return {"lastWindow": kept if there else None}\n',
                '    return {"sending": "", "lastWindow": kept if there else None}\n',
            ),
        ),
    ),
    Bug(
        "what Azure shows late is somebody's",
        f"{UPDATES}/test_late.py::test_what_azure_shows_late_is_no_change_by_somebody",
        (
            Edit(
                "shared/domain/deciding/written.py",
                "        is_it = self.is_still(window, now) or self.is_too_early(window, now)\n",
                "        is_it = self.is_still(window, now)\n",
            ),
        ),
    ),
    Bug(
        "of a creation without an answer nothing is noted",
        f"{UPDATES}/test_unheard.py"
        "::test_whoever_looks_before_it_is_tried_again_knows_it_for_naptimes",
        (
            Edit(
                "shared/reconcile/cluster/one_pass.py",
                "                await self.memory.note_sending(self.looks.cluster_id, unheard)\n",
                "",
            ),
        ),
    ),
)
