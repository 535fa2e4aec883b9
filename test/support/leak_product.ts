/** What the leak map drives. Bundled as it is, or with one check taken out, it is a product. */
export { basicCredential, type Credential, staticCredentials } from "../../src/auth/mod.ts";
export { createRegistryClient, type RegistryClient } from "../../src/client/mod.ts";
export { isTidegateError, Secret } from "../../src/core/mod.ts";
export { createFrontDoor } from "../../src/front/mod.ts";
export { parseReference } from "../../src/reference/mod.ts";
export { resolveUpstream } from "../../src/upstream/mod.ts";
export { createLogger, joinObservers, logObserver } from "../../src/observability/mod.ts";
