/**
 * Configuration: what an operator wrote, checked rule by rule, frozen.
 *
 * In: JSON. Out: settings, or an error that names the key and the rule. Next: front.
 * @module
 */
export { type AccessAction, type AccessRule, parseAccessRule } from "./access_rule.ts";
export { parseFrontDoorConfig } from "./front_door_config.ts";
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
