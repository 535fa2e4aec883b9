import { describe, expect, it } from "vitest";
import type { TidegateError } from "../../src/core/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import {
  APP,
  CANARY,
  canaryCredentials,
  createScenario,
  noise,
  type Scenario,
} from "../support/client_scenario.ts";

const TRAP = "trap.example.net";
const CHALLENGES = [
  undefined,
  "Basic realm=x",
  `Bearer realm="https://${TRAP}/token",service="x",scope="repository:acme/app:pull"`,
  `bearer realm="https://${APP.registry}/token"`,
  `Basic realm=x, Bearer realm="https://${TRAP}/token"`,
];

/** Everything that anybody but the registry got to see, and everything that was told. */
function leaks({ events, simulation }: Scenario, error: unknown): string[] {
  const forms = [CANARY, btoa(`user:${CANARY}`), encodeURIComponent(CANARY)];
  const others = simulation.log.filter(({ kind }) => kind !== "registry");
  const said = [...others.map((entry) => JSON.stringify(entry)), JSON.stringify(events)];
  if (error instanceof Error) said.push(error.message, JSON.stringify(error), String(error.cause));
  return said.filter((text) => forms.some((form) => text.includes(form)));
}

function guarded(): Scenario {
  const scenario = createScenario({ credentials: canaryCredentials() });
  scenario.registry.configure({ auth: { mode: "basic", users: { user: CANARY } } });
  return scenario;
}

describe("a registry's password", () => {
  it.each(CHALLENGES)("never reaches a redirect target that answers with %s", async (challenge) => {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const form of [`https://${TRAP}/x`, `//${TRAP}/x`, `https://${APP.registry}:8443/x`]) {
        const scenario = guarded();
        const { client, run, simulation } = scenario;
        const digest = await scenario.blob(noise(10));
        const headers: Record<string, string> = challenge ? { "www-authenticate": challenge } : {};
        const answer = { status: challenge ? 401 : 200, headers, body: '{"token":"x"}' };
        simulation.trap(TRAP, answer);
        simulation.trap(`${APP.registry}:8443`, answer);
        simulation.faults.add({
          host: APP.registry,
          authorized: true,
          action: { kind: "answer", status, headers: { location: form } },
        });
        const error = await run(client.blobs.get(APP, digest).then((blob) => blob.bytes()))
          .catch((e: TidegateError) => e);
        expect((error as Error).name).toBe("TidegateError");
        expect(simulation.log.some(({ kind }) => kind === "trap")).toBe(true);
        expect(leaks(scenario, error)).toEqual([]);
      }
    }
  });

  it("never reaches a realm that the operator did not name, which is an error that tells how", async () => {
    for (
      const realm of [
        `https://${TRAP}/token`,
        `http://${APP.registry}/token`,
        "http://169.254.169.254/",
      ]
    ) {
      const scenario = createScenario({ credentials: canaryCredentials() });
      const { client, run, simulation } = scenario;
      simulation.trap(TRAP, { status: 200, body: '{"token":"x"}' });
      simulation.faults.add({
        host: APP.registry,
        action: {
          kind: "answer",
          status: 401,
          headers: { "www-authenticate": `Bearer realm="${realm}"` },
        },
      });
      const error = await run(client.manifests.get(APP)).catch((e: TidegateError) =>
        e
      ) as TidegateError;
      expect(error.code).toBe("ORIGIN_NOT_TRUSTED");
      expect(simulation.log.some(({ kind }) => kind === "trap")).toBe(false);
      expect(leaks(scenario, error)).toEqual([]);
    }
  });

  it("is not needed to pull anonymously past an unknown public realm", async () => {
    const scenario = createScenario();
    const { client, registry, run, simulation } = scenario;
    const tokens = simulation.tokenService("tokens.example.org");
    registry.configure({ auth: { mode: "bearer", tokens } });
    const image = await buildImage();
    registry.add("public/app", { image, tags: ["v1"] });
    const ref = { ...APP, repository: "public/app" };
    expect((await run(client.manifests.get(ref))).digest).toBe(image.digest);
  });

  it("never sends a request to a private address that a public registry named", async () => {
    const targets = [
      "http://127.0.0.1/x",
      "https://10.0.0.1/x",
      "https://[::1]/x",
      "https://localhost/x",
    ];
    for (const location of targets) {
      const scenario = guarded();
      const digest = await scenario.blob(noise(10));
      const trap = scenario.simulation.trap(new URL(location).origin);
      scenario.simulation.faults.add({
        host: APP.registry,
        authorized: true,
        action: { kind: "answer", status: 307, headers: { location } },
      });
      await expect(scenario.run(scenario.client.blobs.get(APP, digest))).rejects.toMatchObject({
        code: "ORIGIN_NOT_TRUSTED",
      });
      expect(scenario.simulation.log.some(({ host }) => host === trap.origin)).toBe(false);
    }
  });
});
