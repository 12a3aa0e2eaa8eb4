// Tests akv-fake with the released official Azure SDK for JavaScript.
// Needs a running akv-fake and the variables of its env.sh. Exits with an error at the first mismatch.

import { readFileSync } from "node:fs";
import { deepStrictEqual } from "node:assert";
import { ClientSecretCredential } from "@azure/identity";
import { CertificateClient } from "@azure/keyvault-certificates";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";

const env = process.env;
const password = "correct horse battery staple";
const fixture = (name) => readFileSync(new URL(`../fixtures/${name}.pfx`, import.meta.url));

function check(what, actual, expected = true) {
  deepStrictEqual(actual, expected, what);
  console.log(`ok      ${what}`);
}

async function refused(what, status, call) {
  const error = await call().then(
    () => undefined,
    (error) => error,
  );
  check(what, error?.statusCode, status);
}

async function collected(pages) {
  const all = [];
  for await (const one of pages) all.push(one);
  return all;
}

const credential = new ClientSecretCredential(
  env.AZURE_TENANT_ID,
  env.AZURE_CLIENT_ID,
  env.AZURE_CLIENT_SECRET,
  // Without this option, MSAL validates the authority at login.microsoftonline.com.
  { authorityHost: env.AZURE_AUTHORITY_HOST, disableInstanceDiscovery: true },
);
const client = new CertificateClient(env.AKV_FAKE_VAULT_URL, credential);

const made = await client.importCertificate("Web-01", fixture("web-v1"), {
  password,
  policy: { issuerName: "Unknown", contentType: "application/x-pkcs12" },
  tags: { owner: "pki" },
});
check("import: the name", made.name, "Web-01");
check("import: the key", [made.policy.keyType, made.policy.keySize], ["RSA", 2048]);
check("import: the tags", made.properties.tags, { owner: "pki" });
const got = await client.getCertificate("web-01");
check("get in another case", Buffer.from(got.cer).equals(Buffer.from(made.cer)));
const names = (await collected(client.listPropertiesOfCertificates())).map((one) => one.name);
check("all pages are followed", names.length, Number(env.AKV_FAKE_CERTIFICATES) + 1);
const { version } = made.properties;
const tagged = await client.updateCertificateProperties("web-01", version, { tags: { a: "1" } });
check("update: the tags", tagged.properties.tags, { a: "1" });

const deletion = await client.beginDeleteCertificate("web-01", { intervalInMs: 500 });
await deletion.pollUntilDone();
check("delete: settled", (await client.getDeletedCertificate("web-01")).name, "Web-01");
await refused("its name is held", 409, () =>
  client.importCertificate("web-01", fixture("web-v1"), { password }),
);
const recovery = await client.beginRecoverDeletedCertificate("web-01", { intervalInMs: 500 });
await recovery.pollUntilDone();
check("recover: it answers", (await client.getCertificate("web-01")).name, "Web-01");
await (await client.beginDeleteCertificate("web-01", { intervalInMs: 500 })).pollUntilDone();
await client.purgeDeletedCertificate("web-01");
await refused("purged", 404, () => client.getDeletedCertificate("web-01"));

const manager = new KeyVaultManagementClient(credential, env.AZURE_SUBSCRIPTION_ID, {
  endpoint: env.AKV_FAKE_RESOURCE_MANAGER_URL,
  credentialScopes: [`${env.AKV_FAKE_RESOURCE_MANAGER_URL}/.default`],
});
const group = env.AKV_FAKE_RESOURCE_GROUP;
const vault = await manager.vaults.createOrUpdate(
  group,
  "made-by-node",
  {
    location: "westeurope",
    properties: {
      tenantId: env.AZURE_TENANT_ID,
      sku: { family: "A", name: "standard" },
      accessPolicies: [],
      enableRbacAuthorization: true,
    },
  },
  { updateIntervalInMs: 500 },
);
check("create vault", vault.properties.provisioningState, "Succeeded");
const vaults = (await collected(manager.vaults.listBySubscription())).map((one) => one.name);
check("list vaults", vaults.sort(), ["fake-vault", "made-by-node"]);
console.log("all is as the SDK expects it");
