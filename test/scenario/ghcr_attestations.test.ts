import { describe, expect, it } from "vitest";
import { encodeBase64, encodeUtf8 } from "../../src/core/mod.ts";
import {
  buildArtifact,
  buildImage,
  buildIndex,
  type BuiltImage,
  referrersTag,
} from "../../src/simulation/mod.ts";
import { APP, collect, createGhcrScenario, type GhcrScenario } from "../support/ghcr_scenario.ts";

const VULNS = "https://in-toto.io/attestation/vulns/v0.1";
const IN_TOTO = "application/vnd.in-toto+json";

function statement(
  digest: string,
  severities: readonly string[],
  scannedAt = "2026-01-01T00:00:00Z",
): unknown {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "app", digest: { sha256: digest.slice("sha256:".length) } }],
    predicateType: VULNS,
    predicate: {
      scanner: {
        uri: "https://scanner.example.com",
        result: severities.map((score, i) => ({
          id: `CVE-2026-${i}`,
          severity: [{ method: "nvd", score }],
        })),
      },
      metadata: { scanStartedOn: scannedAt, scanFinishedOn: scannedAt },
    },
  };
}

function bundle(content: unknown): Record<"mediaType" | "dsseEnvelope", unknown> {
  return {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    dsseEnvelope: {
      payload: encodeBase64(encodeUtf8(JSON.stringify(content))),
      payloadType: IN_TOTO,
      signatures: [{ sig: "AA==" }],
    },
  };
}

async function withImage(scenario: GhcrScenario): Promise<BuiltImage> {
  const image = await buildImage();
  scenario.ghcr.add("acme/app", { image, tags: ["v1"] });
  return image;
}

describe("attestations", () => {
  it("unavailable is a value", async () => {
    const scenario = createGhcrScenario();
    const { digest } = await withImage(scenario);
    expect(await scenario.run(scenario.client.attestations.report(APP))).toEqual({
      status: "unavailable",
      digest,
      reason: "nobody attested a scan of it",
    });
  });

  it("reads GitHub's attestations, the newest scan about this image", async () => {
    const scenario = createGhcrScenario();
    const { client, github, run } = scenario;
    const { digest } = await withImage(scenario);
    const other = `sha256:${"0".repeat(64)}`;
    github.configure({
      attestations: {
        [digest]: [
          bundle(statement(digest, ["LOW"], "2025-01-01T00:00:00Z")),
          bundle(statement(digest, ["CRITICAL", "9.8", "7.5", "medium", "3", "odd"])),
          bundle(statement(other, ["HIGH"], "2026-06-01T00:00:00Z")),
          null,
          { dsseEnvelope: { payload: "%%", payloadType: IN_TOTO } },
        ],
      },
    });
    expect(await run(client.attestations.report(APP))).toMatchObject({
      status: "available",
      digest,
      source: "github",
      scanner: "https://scanner.example.com",
      counts: { critical: 2, high: 1, medium: 1, low: 1, unknown: 1 },
      total: 6,
    });
    const listed = await run(collect(client.attestations.list(APP, { predicateType: VULNS })));
    expect(listed.map(({ source }) => source)).toEqual(["github", "github"]);
    expect(await run(collect(client.attestations.list(APP, { predicateType: "x" })))).toEqual([]);
  });

  it.each([
    ["a referrer", (digest: string) => referrersTag(digest), true],
    ["cosign's tag", (digest: string) => `${referrersTag(digest)}.att`, false],
  ])("reads %s in the registry", async (_, tagOf, isListed) => {
    const scenario = createGhcrScenario();
    const { client, ghcr, run } = scenario;
    const image = await withImage(scenario);
    const dsse = bundle(statement(image.digest, ["HIGH"])).dsseEnvelope;
    const artifact = await buildArtifact({
      artifactType: "application/vnd.dsse.envelope.v1+json",
      content: JSON.stringify(dsse),
      subject: image,
    });
    const root = isListed ? await buildIndex({ manifests: [artifact] }) : artifact;
    ghcr.add("acme/app", { image: root, tags: [tagOf(image.digest)] });
    expect(await run(client.attestations.report(APP))).toMatchObject({
      status: "available",
      source: "referrers",
      counts: { high: 1 },
    });
  });

  it("reads what BuildKit put into the index, of the platform's image", async () => {
    const scenario = createGhcrScenario();
    const { client, ghcr, run } = scenario;
    const image = await buildImage();
    const manifest = await buildArtifact({
      artifactType: "application/vnd.docker.attestation.manifest.v1+json",
      content: JSON.stringify(statement(image.digest, [])),
      contentType: IN_TOTO,
    });
    const descriptor = {
      ...manifest.descriptor,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image.digest,
      },
    };
    const index = await buildIndex({ manifests: [image, { ...manifest, descriptor }] });
    ghcr.add("acme/app", { image: index, tags: ["v1"] });
    expect(await run(client.attestations.report(APP))).toMatchObject({
      status: "available",
      digest: image.digest,
      source: "buildkit",
      total: 0,
    });
  });

  it("goes on where one source fails, and says so where all do", async () => {
    const scenario = createGhcrScenario();
    const { client, run, simulation } = scenario;
    await withImage(scenario);
    simulation.faults.add({
      path: "*/attestations/*",
      action: { kind: "answer", status: 403, body: "{}" },
    });
    expect(await run(client.attestations.report(APP))).toMatchObject({
      status: "unavailable",
      reason: expect.stringContaining("github: FORBIDDEN"),
    });
    await expect(run(client.attestations.report({ ...APP, tag: "none" }))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });
});
