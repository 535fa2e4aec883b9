import type { SeverityCounts } from "../attestation/mod.ts";
import type { Digest } from "../reference/mod.ts";

/** Who sends webhooks: `docker-hub` and `github` are built in. */
export type WebhookProvider = "docker-hub" | "github";

/** What every event says. Names passed the grammar of references; they are data, never markup. */
export interface ImageFacts {
  /** Who said so: a {@linkcode WebhookProvider}, or what {@linkcode WebhookReceiver.accept} was told. */
  readonly source: string;
  /** Name of the upstream, or host of the registry: `docker.io`, `ghcr.io`. */
  readonly registry: string;
  /** The registry's name of the repository: `library/nginx`, in lower case. */
  readonly repository: string;
  /** Absent where only a digest is known. */
  readonly tag: string | undefined;
  /** Login of who did it, as the sender tells it; control characters escaped, 128 at most. */
  readonly pusher: string | undefined;
  /** When it happened, in milliseconds since the epoch; when it arrived if the sender does not say. */
  readonly timestamp: number;
}

/** An image was pushed, or a tag was moved. */
export interface ImagePushed extends ImageFacts {
  readonly type: "image.pushed";
  /**
   * What the registry itself names for the tag, asked with our own credentials. Undefined when it
   * could not be asked: then nothing but the webhook says that there was a push.
   */
  readonly digest: Digest | undefined;
}

/** An image or a tag is gone; the registry no longer finds it. */
export interface ImageDeleted extends ImageFacts {
  readonly type: "image.deleted";
  /** What the sender named. */
  readonly digest: Digest | undefined;
}

/** A scan of an image has ended. */
export interface VulnerabilitiesFound extends ImageFacts {
  readonly type: "image.scanned";
  readonly digest: Digest;
  readonly severities: SeverityCounts;
}

/** Everything that goes over the bus, told apart by `type`. */
export type RegistryEvent = ImagePushed | ImageDeleted | VulnerabilitiesFound;

/** The types of {@linkcode RegistryEvent}. */
export type RegistryEventType = RegistryEvent["type"];

/** Takes an event. What it throws or rejects with, and how long it takes, is nobody else's concern. */
export type EventSink<Event extends RegistryEvent = RegistryEvent> = (
  event: Event,
) => void | Promise<void>;
