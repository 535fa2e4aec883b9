/**
 * The front door as a Cloudflare Worker. Its configuration is `TIDEGATE_CONFIG` in wrangler.toml,
 * its secrets are those of the Worker.
 *
 *     npx wrangler kv namespace create TOKENS
 *     npx wrangler secret put SEAL_KEY_1
 *     npx wrangler deploy --config examples/worker/wrangler.toml
 */
export { default } from "tidegate/front/worker";
