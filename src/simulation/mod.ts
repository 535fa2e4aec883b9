/**
 * A spec-strict internet of registries in memory: registries, token services, blob stores and
 * traps behind one `fetch`, with faults on demand. Shares no protocol code with the client.
 *
 * In: images from a builder. Out: a `Fetch`, and a log of every request. Next: `serve_node.ts`.
 * @module
 */
export type { Content } from "./content.ts";
export { bytesContent, contentBytes, generatedContent } from "./content.ts";
export { seedDemo } from "./demo.ts";
export type { Demo } from "./demo.ts";
export { digestContent, digestOf } from "./digest.ts";
export { buildArtifact, buildImage, buildIndex } from "./image.ts";
export type {
  ArtifactOptions,
  BuiltDescriptor,
  BuiltImage,
  BuiltPlatform,
  DocumentOptions,
  ImageOptions,
} from "./image.ts";
export type { BuiltBlob, BuiltLayer, LayerOptions } from "./layer.ts";
export type { RegistryQuirks } from "./quirks.ts";
export { referrersTag } from "./referrers.ts";
export type { SimulatedRegistry } from "./registry.ts";
export type { RegistrySettings } from "./registry_state.ts";
export type { EarlyEnd, Framing, HeaderList, Reply, SimulatedRequest } from "./reply.ts";
export { requestText } from "./request_log.ts";
export type { LoggedRequest } from "./request_log.ts";
export { createSimulation } from "./simulation.ts";
export type { SimulatedHost, Simulation, SimulationOptions } from "./simulation.ts";
export type { Repository, StoredManifest } from "./store.ts";
