/**
 * A spec-strict internet of registries in memory: registries, token services, blob stores and
 * traps behind one `fetch`, with faults on demand. Shares no protocol code with the client.
 *
 * In: images from a builder. Out: a `Fetch`, and a log of every request. Next: `serve_node.ts`.
 * @module
 */
export type { AnswerInit } from "./answer.ts";
export type { BlobHostSettings, SimulatedBlobHost } from "./blob_host.ts";
export type { ChallengeFacts, ChallengeStyle, ChallengeWriter } from "./challenge.ts";
export type { Content } from "./content.ts";
export { bytesContent, contentBytes, generatedContent } from "./content.ts";
export { seedDemo } from "./demo.ts";
export type { Demo } from "./demo.ts";
export { digestContent, digestOf } from "./digest.ts";
export type {
  Fault,
  FaultAction,
  FaultMatch,
  FaultOccurrence,
  FaultPlan,
  Place,
  Position,
} from "./fault.ts";
export { GHCR_QUIRKS } from "./ghcr.ts";
export type { GhcrSettings, SimulatedGhcr } from "./ghcr.ts";
export type { SimulatedGithub } from "./github.ts";
export type {
  GithubAccount,
  GithubCaller,
  GithubSettings,
  SimulatedPackage,
  SimulatedVersion,
} from "./github_state.ts";
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
export type { PushSettings } from "./push_settings.ts";
export type { RegistryQuirks } from "./quirks.ts";
export { createRecorder } from "./record.ts";
export type { Recorder, RecorderOptions } from "./record.ts";
export type {
  Fixture,
  FixtureBody,
  FixtureExchange,
  FixtureRequest,
  FixtureResponse,
} from "./record_fixture.ts";
export { createReplayer, ReplayError } from "./record_replay.ts";
export type { Replayer, ReplayerOptions } from "./record_replay.ts";
export { referrersTag } from "./referrers.ts";
export type { SimulatedRegistry } from "./registry.ts";
export type { RegistryAuth } from "./registry_auth.ts";
export type { RateLimit, RegistrySettings } from "./registry_state.ts";
export type { EarlyEnd, Framing, HeaderList, Pace, Reply, SimulatedRequest } from "./reply.ts";
export { requestText } from "./request_log.ts";
export type { LoggedRequest } from "./request_log.ts";
export { createSimulation } from "./simulation.ts";
export type { Simulation, SimulationOptions } from "./simulation.ts";
export type { SimulatedHost } from "./host.ts";
export { dockerHub } from "./docker_hub.ts";
export type { DockerHubOptions, SimulatedDockerHub } from "./docker_hub.ts";
export type { HubRepositoryInit, SimulatedHub } from "./hub.ts";
export type {
  HubErrorStyle,
  HubRepositoryRecord,
  HubScope,
  HubSettings,
  HubUser,
  ScoutReport,
} from "./hub_state.ts";
export type { Repository, StoredManifest } from "./store.ts";
export { secretSpellings, sightings } from "./sightings.ts";
export { PUBLIC_ACCESS } from "./token_service.ts";
export type { AccessRule, Grant, SimulatedTokenService, TokenSettings } from "./token_service.ts";
export type { Scope } from "./scope.ts";
export type { SimulatedTrap, TrapAnswer } from "./trap.ts";
export type { Delivery } from "./delivery.ts";
export type { FinishedUpload, Upload, UploadData } from "./upload.ts";
export type { Exchanged } from "./exchange.ts";
export type { RequestBody } from "./request_body.ts";
export { githubPackagePayload, githubWebhook, signGithub } from "./github_webhook.ts";
export type { GithubDelivery, GithubPackage } from "./github_webhook.ts";
export { hubWebhook } from "./hub_webhook.ts";
export type { HubPush } from "./hub_webhook.ts";
export { webhookRequest } from "./webhook_post.ts";
export type { WebhookPost } from "./webhook_post.ts";
