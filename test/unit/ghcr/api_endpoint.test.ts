import { describe, expect, it } from "vitest";
import { githubEndpoint } from "../../../src/ghcr/api_endpoint.ts";

describe("githubEndpoint()", () => {
  it.each([
    ["/rate_limit", "rate-limit"],
    ["/users/octocat", "accounts"],
    ["/orgs/acme/packages", "packages"],
    ["/user/packages/container/app%2Fweb", "packages"],
    ["/users/octocat/packages/container/app/restore", "packages"],
    ["/orgs/acme/packages/container/app/versions", "versions"],
    ["/orgs/acme/packages/container/app/versions/7/restore", "versions"],
    ["/orgs/acme/packages/container/versions", "packages"],
    ["/orgs/acme/attestations/sha256:ab", "attestations"],
    ["/meta", undefined],
  ])("files %s under %s", (path, endpoint) => {
    expect(githubEndpoint(path)).toBe(endpoint);
  });
});
