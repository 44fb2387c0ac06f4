"""More commands of az: a cluster's life from its making to its end, and managed identity."""

from local.real_clients.az_steps import COUNT, AzStep, az, shown
from local.real_clients.stage import CLIENT_ID, SUBSCRIPTION

_MADE = "-g rg-made -n made-1"
CLUSTER_LIFE = (
    AzStep(
        "group create",
        az("group create -n rg-made -l westeurope", *shown("properties.provisioningState")),
        output="Succeeded",
    ),
    AzStep(
        "aks create with NAP begins",
        az(
            f"aks create {_MADE} --no-ssh-key --network-plugin azure --network-plugin-mode overlay"
            " --network-dataplane cilium --node-provisioning-mode Auto --no-wait"
        ),
    ),
    AzStep(
        "a second operation meanwhile is refused",
        az(f"aks delete {_MADE} --yes --no-wait"),
        code=1,
        mentions=("OperationNotAllowed", "(Creating) is in progress"),
    ),
    AzStep("aks wait --created ends", az(f"aks wait {_MADE} --created --interval 1")),
    AzStep(
        "the cluster is there, with NAP",
        az(f"aks show {_MADE}", *shown("[provisioningState,nodeProvisioningProfile.mode]")),
        output="Succeeded\nAuto",
    ),
    AzStep("aks update --tags", az(f"aks update {_MADE} --tags naptime=off --no-wait")),
    AzStep("aks wait --updated ends", az(f"aks wait {_MADE} --updated --interval 1")),
    AzStep(
        "the tag is there",
        az(f"aks show {_MADE}", *shown("tags.naptime")),
        output="off",
    ),
    AzStep("aks delete begins", az(f"aks delete {_MADE} --yes --no-wait")),
    AzStep("aks wait --deleted ends", az(f"aks wait {_MADE} --deleted --interval 1")),
)


def identity_steps(endpoint: str, machine: str) -> tuple[AzStep, ...]:
    """Log in by managed identity, in the form of App Service and in that of a machine."""
    app_service = {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": "made-up"}
    virtual_machine = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine}
    steps: list[AzStep] = []
    for form, environment in (("App Service", app_service), ("machine", virtual_machine)):
        steps += [
            AzStep(
                f"login by identity, {form} form",
                az(f"login --identity --client-id {CLIENT_ID}", *shown("[].id")),
                output=SUBSCRIPTION,
                environment=environment,
            ),
            AzStep(
                f"aks list by identity, {form} form",
                az("aks list", *COUNT),
                output="2",
                environment=environment,
            ),
        ]
    return tuple(steps)
