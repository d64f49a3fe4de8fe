/**
 * Addresses whose path is the secret: whoever knows one may post there, or read.
 *
 * @module
 */

/** What follows the named part, or stands in the group, is the secret; by the makers' documents. */
const PATHS: readonly (readonly [source: string, path: string])[] = [
  ["Slack", "hooks\\.slack(?:-gov)?\\.com/(?:services|workflows|triggers)/([\\w/-]{4,})"],
  ["Discord", "discord(?:app)?\\.com/api/(?:v\\d{1,2}/)?webhooks/([\\w/-]{4,})"],
  ["Microsoft Teams", "\\.webhook\\.office\\.com/webhookb2/([\\w@/-]{8,})"],
  ["Mattermost, Rocket.Chat", "/hooks/([A-Za-z0-9]{16,}(?:/[A-Za-z0-9]{16,})?)"],
  ["Telegram, other than api.telegram.org", "/bot\\d{6,12}(?::|%3A)([\\w-]{8,})"],
  ["Home Assistant", "/api/webhook/([\\w-]{8,})"],
  ["Home Assistant, signed paths and cloud hooks", "hooks\\.nabu\\.casa/([\\w=-]{8,})"],
  ["Healthchecks, hosted", "hc-ping\\.com/([\\w-]{8,})"],
  ["Healthchecks, self-hosted", "/ping/([\\w-]{20,}(?:/[\\w-]{1,64})?)"],
  ["Uptime Kuma, push monitors", "/api/push/([\\w-]{6,})"],
  ["Better Stack, heartbeats", "/api/v\\d/(?:incoming-webhook|heartbeat)/([\\w-]{8,})"],
  ["Cronitor", "cronitor\\.link/(?:p|ping)?/?([\\w/-]{6,})"],
  ["Dead Man's Snitch", "nosnch\\.in/([A-Za-z0-9]{6,})"],
  ["UptimeRobot, heartbeats", "heartbeat\\.uptimerobot\\.com/([\\w-]{8,})"],
  [
    "PagerDuty, Opsgenie, Grafana OnCall, Splunk On-Call",
    "/integrations?/(?:v\\d/)?(?:[a-z_]{1,32}/|generic/\\d+/alert/)?([\\w-]{20,})",
  ],
  ["IFTTT", "maker\\.ifttt\\.com/[\\w/-]{1,128}/key/([\\w-]{8,})"],
  ["Zapier", "hooks\\.zapier\\.com/hooks/catch/([\\w/]{6,})"],
  ["Make", "hook\\.[a-z0-9]{2,8}\\.make\\.com/([\\w-]{8,})"],
  ["n8n", "/webhook(?:-test|-waiting)?/([\\w-]{20,})"],
  ["Pipedream", "(?<=//)([a-z0-9]{16,40})\\.m\\.pipedream\\.net"],
  ["webhook.site", "webhook\\.site/([\\w-]{20,})"],
  ["ntfy, a topic is its password", "ntfy\\.sh/([\\w-]{4,64})"],
  ["Apprise API", "/notify/([\\w-]{16,})"],
  ["Gotify, Plex and others name it", "(?:X-Plex-Token|X-Gotify-Key)(?:=|%3D|: ?)([\\w.-]{8,})"],
  ["Google Calendar, secret address", "/calendar/ical/[^/\\s]{1,128}/(private-[\\w-]{8,})"],
  [
    "Nextcloud, calendar and share links",
    "/(?:index\\.php/)?(?:s|apps/calendar/p|remote\\.php/dav/public-calendars)/([A-Za-z0-9]{10,})(?![\\w.-])",
  ],
  [
    "FreeDNS",
    "(?:freedns\\.afraid\\.org/dynamic/update\\.php\\?|sync\\.afraid\\.org/u/)([\\w=+/-]{8,})",
  ],
  ["Docker Hub, build triggers", "hub\\.docker\\.com/api/build/v1/source/([\\w/-]{8,})"],
  ["Portainer, stack webhooks", "/api/(?:stacks/)?webhooks/([\\w-]{20,})"],
  ["Feeds and invitations", "/(?:feeds?|rss|ical|invite|join)/([A-Za-z0-9_-]{24,})"],
];

/** Finds every one of them; the secret is a group. */
export const CAPABILITY_URLS: readonly RegExp[] = PATHS.map(([, path]) => new RegExp(path, "dg"));
