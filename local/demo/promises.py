"""What naptime promises, judged by the simulator's evidence alone; pure."""

from datetime import timedelta

from local.demo import promised_calls as calls
from local.demo import promised_releases as releases
from local.demo import promised_schedules as schedules
from local.demo.evidence import Evidence
from local.demo.results import Result


def judge(evidence: Evidence, promised: timedelta) -> tuple[Result, ...]:
    """Judge every promise; `promised` is the longest time from an event to the accepted write."""
    return (
        schedules.every_nap_cluster_has_a_schedule(evidence),
        schedules.writes_are_ahead(evidence),
        schedules.nothing_of_others_was_changed(evidence),
        schedules.siblings_are_unchanged(evidence),
        schedules.one_write_for_each_need(evidence),
        calls.many_events_few_calls(evidence),
        schedules.left_out_are_never_written(evidence),
        calls.foreign_are_never_called(evidence),
        calls.role_was_enough(evidence),
        calls.compliant_are_read_once(evidence),
        calls.without_nap_no_call(evidence),
        calls.dry_run_wrote_nothing(evidence),
        calls.forgeries_did_nothing(evidence),
        releases.release_is_told(evidence, promised),
        releases.release_guards_the_unseen(evidence),
        releases.release_reads_no_cluster_twice(evidence),
        schedules.images_wait_for_the_window(evidence),
        calls.quick_enough(evidence, promised),
        calls.every_act_ended(evidence),
    )
