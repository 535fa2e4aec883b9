import { SpanStatusCode } from "@opentelemetry/api";
import { expect, it } from "vitest";
import { otelObserver } from "../../src/observability/otel.ts";
import { createHubScenario, PASSWORD } from "../support/hub_scenario.ts";
import { createMemorySdk, drawTrees } from "../support/span_tree.ts";

const EXCHANGE = ["    docker.http.execute", "      http.response"];
const CHECK = "    docker.rate_limiter.check";
const LOGIN = ["docker.auth.login", "  docker.request", ...EXCHANGE, CHECK];

it("a login is a tree of its own, and comes once for all that need it", async () => {
  const sdk = createMemorySdk();
  const { ann, hub, run } = createHubScenario();
  const client = ann({ observer: otelObserver({ tracerProvider: sdk.provider }) });
  hub.api.add("acme/app");
  await run(Promise.all([1, 2].map(() => client.repositories.get("acme/app"))));
  const trees = drawTrees(sdk.spans()).join("\n");
  expect(trees.startsWith(`${LOGIN.join("\n")}\ndocker.request\n`)).toBe(true);
  expect(trees.match(/auth\.login/g)).toHaveLength(1);
  const [login] = sdk.spans().filter(({ name }) => name === "docker.auth.login");
  expect(login?.attributes).toEqual({
    "docker.upstream": "hub.docker.com",
    "docker.outcome": "ok",
  });
  const parts = sdk.spans().map(({ attributes }) => attributes["docker.request.endpoint"]);
  expect(new Set(parts)).toEqual(new Set([undefined, "login", "repositories"]));
});

it("a login that wants a code fails by its name, and the second step is one too", async () => {
  const sdk = createMemorySdk();
  const { client, run } = createHubScenario();
  const observer = otelObserver({ tracerProvider: sdk.provider });
  const bob = client({ username: "bob", password: PASSWORD, observer });
  const error = await run(bob.login().then(() => undefined, (error) => error));
  const { loginToken } = error.details;
  await run(bob.login({ loginToken, code: "123456" }));
  const logins = sdk.spans().filter(({ name }) => name === "docker.auth.login");
  expect(logins.map(({ attributes, status }) => [attributes["docker.outcome"], status.code]))
    .toEqual([["TWO_FACTOR_REQUIRED", SpanStatusCode.ERROR], ["ok", SpanStatusCode.UNSET]]);
  const told = sdk.spans().map(({ name, attributes }) => ({ name, attributes }));
  const secrets = [PASSWORD, loginToken.reveal(), "123456"];
  expect(secrets.filter((secret) => JSON.stringify(told).includes(secret))).toEqual([]);
});
