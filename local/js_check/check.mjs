// The JavaScript SDK of AKS against the simulated Azure: prints one line of JSON for each step.
import { ContainerServiceClient } from "@azure/arm-containerservice";
import { ClientSecretCredential, ManagedIdentityCredential } from "@azure/identity";
import assert from "node:assert/strict";

const { ARM_URL, SUBSCRIPTION, TENANT_ID, CLIENT_ID, SECRET, GROUP, CLUSTER } = process.env;
const SCHEDULE = "aksManagedNodeOSUpgradeSchedule";
const ENDPOINT = { endpoint: ARM_URL, retryOptions: { maxRetries: 0 }, updateIntervalInMs: 200 };

const byIdentity = new ManagedIdentityCredential({ clientId: CLIENT_ID });
// As for Azure Stack: Microsoft's own list of clouds does not name this authority.
const bySecret = (secret) =>
  new ClientSecretCredential(TENANT_ID, CLIENT_ID, secret, {
    authorityHost: ARM_URL,
    disableInstanceDiscovery: true,
  });

const weekly = (hours) => ({
  maintenanceWindow: {
    schedule: { weekly: { intervalWeeks: 1, dayOfWeek: "Sunday" } },
    durationHours: hours,
    startTime: "01:00",
  },
});

async function collect(pages) {
  const found = [];
  for await (const each of pages) found.push(each);
  return found;
}

async function refused(promise, status, code) {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (reason) => reason,
  );
  assert.equal(error.statusCode, status);
  assert.equal(error.code, code);
}

async function step(says, trial) {
  let missing = "";
  try {
    await trial();
  } catch (error) {
    missing = String(error?.stack ?? error);
  }
  console.log(JSON.stringify({ says, missing }));
}

function stepsWith(name, credential) {
  const client = new ContainerServiceClient(credential, SUBSCRIPTION, ENDPOINT);
  const { managedClusters: clusters, maintenanceConfigurations: configurations } = client;
  return [
    [
      `${name}: list of the clusters`,
      async () => {
        const names = (await collect(clusters.list())).map((each) => each.name);
        assert.deepEqual(names.sort(), ["manual-1", CLUSTER]);
      },
    ],
    [
      `${name}: get of a cluster with NAP`,
      async () => {
        const found = await clusters.get(GROUP, CLUSTER);
        assert.equal(found.nodeProvisioningProfile.mode, "Auto");
      },
    ],
    [
      `${name}: no configurations is an empty list`,
      async () => {
        assert.deepEqual(await collect(configurations.listByManagedCluster(GROUP, CLUSTER)), []);
      },
    ],
    [
      `${name}: create; offset and start date are filled in`,
      async () => {
        const made = await write(configurations, weekly(4));
        assert.equal(made.name, SCHEDULE);
        assert.equal(made.maintenanceWindow.utcOffset, "+00:00");
        assert.ok(made.maintenanceWindow.startDate);
      },
    ],
    [
      `${name}: update`,
      async () => {
        const written = await write(configurations, weekly(6));
        assert.equal(written.maintenanceWindow.durationHours, 6);
      },
    ],
    [
      `${name}: get and list show it`,
      async () => {
        const found = await configurations.get(GROUP, CLUSTER, SCHEDULE);
        assert.equal(found.maintenanceWindow.durationHours, 6);
        const listed = await collect(configurations.listByManagedCluster(GROUP, CLUSTER));
        assert.deepEqual(listed.map((each) => each.name), [SCHEDULE]);
      },
    ],
    [
      `${name}: a duration of 2 hours is refused`,
      () => refused(write(configurations, weekly(2)), 400, "InvalidParameter"),
    ],
    [
      `${name}: a bad name is refused`,
      () => refused(write(configurations, weekly(4), "wrong"), 400, "InvalidParameter"),
    ],
    [
      `${name}: a missing cluster is not found`,
      () =>
        refused(
          collect(configurations.listByManagedCluster(GROUP, "gone")),
          404,
          "ResourceNotFound",
        ),
    ],
    [
      `${name}: delete, twice`,
      async () => {
        await configurations.delete(GROUP, CLUSTER, SCHEDULE);
        await configurations.delete(GROUP, CLUSTER, SCHEDULE);
        await refused(configurations.get(GROUP, CLUSTER, SCHEDULE), 404, "NotFound");
      },
    ],
  ];
}

const write = (configurations, body, name = SCHEDULE) =>
  configurations.createOrUpdate(GROUP, CLUSTER, name, body);

const life = [
  [
    "a cluster is made, tagged and deleted, each to its end",
    async () => {
      const client = new ContainerServiceClient(byIdentity, SUBSCRIPTION, ENDPOINT);
      const { managedClusters: clusters } = client;
      const body = {
        location: "westeurope",
        dnsPrefix: "made",
        nodeProvisioningProfile: { mode: "Auto" },
      };
      const made = await clusters.createOrUpdate(GROUP, "made-js", body, ENDPOINT);
      assert.equal(made.provisioningState, "Succeeded");
      assert.equal(made.nodeProvisioningProfile.mode, "Auto");
      const tagged = await clusters.updateTags(GROUP, "made-js", { tags: { a: "b" } }, ENDPOINT);
      assert.equal(tagged.tags.a, "b");
      await clusters.delete(GROUP, "made-js", ENDPOINT);
      await refused(clusters.get(GROUP, "made-js"), 404, "ResourceNotFound");
    },
  ],
  [
    "a wrong secret is refused",
    async () => {
      const trial = bySecret("wrong").getToken("https://management.azure.com/.default");
      await assert.rejects(trial, /AADSTS7000215/);
    },
  ],
];

const steps = [
  ...stepsWith("managed identity", byIdentity),
  ...stepsWith("client secret", bySecret(SECRET)),
  ...life,
];
for (const [says, trial] of steps) await step(says, trial);
