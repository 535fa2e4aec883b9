/**
 * Configuration: what an operator wrote, checked rule by rule, frozen.
 *
 * In: JSON, YAML, environment variables. Out: settings, or an error that names the key and the rule.
 * Next: front, and whoever makes clients.
 * @module
 */
export { type AccessAction, type AccessRule, parseAccessRule } from "./access_rule.ts";
export {
  clientOptions,
  type OptionsOfSettings,
  type SettingsCredentials,
} from "./client_options.ts";
export { parseFrontDoorConfig } from "./front_door_config.ts";
export { readFrontDoorText } from "./front_door_text.ts";
export type {
  AccessSettings,
  CredentialSettings,
  FrontDoorSettings,
  RangePolicy,
  SecretReference,
  TokenSettings,
  UpstreamSettings,
  WebhookSenderSettings,
  WebhookSettings,
} from "./front_door_settings.ts";
export type { HubAuthSettings, HubSettings } from "./hub_settings.ts";
export type { Environment } from "./interpolate.ts";
export {
  checkConfigText,
  type ConfigReport,
  type LoadedSettings,
  loadSettings,
  type SettingsSources,
} from "./load_settings.ts";
export { parseSyncSettings } from "./sync_settings.ts";
export type { SyncRuleSettings, SyncSettings, TagRuleSettings } from "./sync_settings.ts";
