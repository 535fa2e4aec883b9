import { describe, expect, it } from "vitest";
import { hubEndpoint } from "../../../src/hub/api_endpoint.ts";

describe("hubEndpoint()", () => {
  it.each([
    ["https://hub.docker.com/v2/auth/token", "login"],
    ["https://hub.docker.com/v2/users/login", "login"],
    ["https://hub.docker.com/v2/users/2fa-login", "login"],
    ["https://hub.docker.com/v2/namespaces/acme/repositories", "repositories"],
    ["https://hub.docker.com/v2/namespaces/acme/repositories?page=2", "repositories"],
    ["https://hub.docker.com/v2/namespaces/acme/repositories/app", "repositories"],
    ["https://hub.docker.com/v2/namespaces/acme/repositories/tags", "repositories"],
    ["https://hub.docker.com/v2/repositories/acme/app/privacy", "repositories"],
    ["https://hub.docker.com/v2/repositories/acme/app/", "repositories"],
    ["https://hub.docker.com/v2/namespaces/acme/repositories/app/tags", "tags"],
    ["https://hub.docker.com/v2/namespaces/acme/repositories/app/tags/v1", "tags"],
    ["https://hub.docker.com/v2/repositories/acme/app/tags/v1/", "tags"],
    ["https://hub.docker.com/api/search/v4?query=x", "search"],
    ["https://api.dso.docker.com/v1/graphql", "scans"],
    ["https://hub.docker.com/v2/something/new", undefined],
  ])("files %s under %s", (url, endpoint) => {
    expect(hubEndpoint(url)).toBe(endpoint);
  });
});
