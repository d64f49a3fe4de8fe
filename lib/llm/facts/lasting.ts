import type { Cause } from "../diagnosis.ts";

/** Something that a restart leaves as it is. */
export interface Lasting {
  readonly cause: Cause;
  /** For people and models: what the payload speaks of. */
  readonly what: string;
}

const row = (cause: Cause, what: string, words: readonly string[]) => ({
  lasting: { cause, what },
  words: new RegExp(words.join("|"), "i"),
});

/** About another service; the event's own name in it makes it the fault itself. */
const OF_ANOTHER = "a service it depends on that is not reached";

/** The first that fits is named, so the more special come first. */
const LASTING = [
  row("host", "a full disk", [
    "no space left|ENOSPC",
    "(?:disk|drive|storage|volume|filesystem|partition|tmpfs) (?:is |was )?(?:almost |nearly )?(?:full|exhausted)",
    "disk[ -]?(?:space|usage|quota)[^.]{0,30}(?:exceed|exhaust|low|full|9\\d ?%|100 ?%)",
    "(?:out of|no (?:free|more)|insufficient) (?:disk|inodes?|storage|space)",
    "ran out of (?:disk|space)|EDQUOT|quota exceeded|could not (?:write|extend) file",
    "flood[- ]stage|disk watermark",
  ]),
  row("host", "a file system that is read-only", [
    "read[- ]?only (?:file|database|volume|mount|fs)|EROFS|remount\\w* .{0,20}read-only",
  ]),
  row("hardware", "hardware that fails", [
    "\\bI/O error|I/O \\d+ QID|\\bnvme\\w*\\b.{0,60}(?:timeout|abort|reset)|\\bmmc\\w*\\b.{0,60}(?:timeout|error|stuck)|serial port|firmware",
    "input/output error|\\bEIO\\b|(?:medium|hardware|machine check|uncorrectable|media) error",
    "uncorrect(?:able|ed)|bad (?:sector|block)s?|fallen off the bus|\\bXid\\b|under-?voltage",
    "over-?heat|thermal|throttl(?:ed|ing)|\\busb\\w*.{0,60}(?:disconnect|reset|error|descriptor)",
    "(?:device|adapter|dongle|stick|coordinator|serial|tty\\w*|gpu|sensor|controller)\\b.{0,50}(?:not found|not responding|disconnected|unplugged|no such (?:file|device)|lost|missing|failed to (?:open|init))",
    "(?:cannot|could not|unable to|failed to|error) (?:open|opening|connect to|find|start)(?: the)? (?:the )?(?:serial|/dev/|adapter|coordinator|device|usb|camera)",
    "no (?:such device|cuda-capable)",
    "no (?:[\\w-]+ ){0,2}\\w*(?:device|tpu|gpu|adapter|camera|card|dongle|accelerator|stick)s?\\b.{0,20}(?:detected|found|available|present)",
    "\\bENODEV\\b|\\bENXIO\\b|failed to initialize nvml",
    "ext4-fs error|xfs .{0,30}corrupt|blk_update_request|smart .{0,30}fail",
  ]),
  row("data", "data that is damaged", [
    "corrupt(?!ion-free)|MISCONF|\\bRDB\\b|append[- ]only file|recovery mode|\\bfsck\\b|transid|ibdata|relation mapping|WiredTiger|fatal assertion|innodb\\w*\\b.{0,60}(?:error|assert|fail|recovery)|assertion failure.{0,60}(?:buf|page|log)0|file is not a",
    "malformed|checksum (?:mismatch|error|fail)|invalid checksum|crc (?:error|mismatch)",
    "bad (?:magic|header|page)|invalid (?:page|magic|checkpoint)|torn page|valid checkpoint",
    "marked as crashed|not a database|unexpected end of (?:file|input|json)|inconsisten(?:t|cy)",
    "data ?(?:directory|dir|base files?)\\b.{0,60}(?:incompatible|was initialized|not empty|missing|empty)",
    "(?:truncated|damaged|broken|unreadable|invalid) (?:file|record|segment|wal|log file|index|database|table|archive|rdb|aof)",
    "\\b(?:wal|aof|rdb|journal|snapshot|translog)\\b.{0,40}(?:fail|error|invalid|abort|damag|broken)",
    "(?:lock ?file|pid ?file|\\.lock|\\.pid|stale lock)\\b.{0,60}(?:exist|held|stale|already|present)|already locked|another (?:instance|process) is|is locked by|could not (?:obtain|acquire|create) (?:the )?lock|stale (?:pid|lock|nfs)",
  ]),
  row("version_or_config", "an image that cannot be had", [
    "manifest (?:unknown|for|not found)",
    "(?:image|tag|repository|manifest)\\b.{0,80}(?:not found|does not exist|unknown)",
    "pull access denied|no such image|(?:errimage|imagepullbackoff|invalid reference)",
    "failed to (?:pull|resolve reference)|back-?off pulling|toomanyrequests",
    "exec format error|no matching manifest|platform .{0,40}does not match",
  ]),
  row("version_or_config", "a migration or version that does not fit", [
    "migrations? .{0,60}(?:fail|error|pending|missing|conflict|required|abort)",
    "(?:fail|error|abort|unable|cannot).{0,40}migrat",
    "schema (?:version|mismatch|is newer|out of date)",
    "(?:version|abi|protocol|driver)[^.\\n]{0,30} ?(?:mismatch|conflict|incompatib|too (?:old|new)|not supported|unsupported)",
    "incompatible|not compatible|no longer supported|unsupported (?:version|format|option|config|protocol)|downgrade|newer version of|requires? (?:\\w+ )?(?:version )?(?:>=|at least|newer)",
    "(?:column|relation|table) .{0,60}(?:does not exist|doesn't exist|no such|already exists)|no such (?:table|column)",
    "not supported|unsupported|UnsupportedClass|requires? .{0,40}(?:or (?:later|newer|higher|above)|>=|at least)|could not find driver",
    "breaking change|removed in (?:version )?v?\\d|since (?:the )?(?:update|upgrade)|after (?:the |an )?(?:update|upgrad)",
    "undefined (?:symbol|method|function)|GLIBC|no module named|module ?not ?found|cannot find (?:module|package)|import ?error|NoSuchMethod|ClassNotFound|NoClassDef|illegal instruction",
  ]),
  row("version_or_config", "settings that are wrong or missing", [
    "(?:invalid|bad|wrong|broken|missing|faulty|erroneous|incorrect|unknown|unrecogni[sz]ed|unexpected|illegal|duplicate|unsupported) (?:[\\w'\"`.-]+ ){0,3}(?:config\\w*|configuration|settings?|options?|directives?|keys?|flags?|arguments?|parameters?|property|properties|fields?|values?|env\\w*|yaml|json|toml|credentials file|host header)\\b",
    "\\bconfig\\w*\\b.{0,60}(?:invalid|error|fail|missing|not found|wrong|broken|unable|cannot|could not|no such|mistake|syntax)",
    "(?:fail|error|unable|cannot|could not).{0,40}\\b(?:config\\w*|yaml|toml|\\.conf|\\.json|\\.ya?ml|\\.ini|\\.env)\\b",
    "(?:parse|parsing|syntax|unmarshal|yaml|toml|template|validation|schema validation)[^.\\n]{0,20} error|failed to parse|error parsing|cannot unmarshal|\\[emerg\\]",
    "(?:environment )?variable\\b.{0,60}(?:not set|not found|unset|missing|required|undefined|empty)",
    "(?<!restart )(?<!reboot )(?:is|are) (?:required|not set|unset|not defined|undefined|mandatory)\\b|must (?:be |have )?(?:set|configured?|specif\\w+|provided?|defined?)\\b|missing (?:required|mandatory|env|secret|file|argument)|(?:secret|config ?map|network|volume|mount)\\b.{0,50}(?:not found|does not exist|not declared|missing)",
    "no such file or directory|ENOENT|file not found|cannot stat|bind source path does not exist|not a directory",
    "(?:executable|command|binary) (?:file )?not found|: not found|cannot execute|oci runtime|entrypoint",
    "host not found in upstream|(?:unknown|no such) (?:user|group|host)\\b",
  ]),
  row("access", "a certificate that is not valid", [
    "ERR_SSL|SSLHandshake|PKIX|SSL is not enabled|(?:ssl|tls) (?:is )?(?:required|disabled)|certificate .{0,40}(?:expired|invalid|not (?:yet )?valid|revoked|unknown|mismatch|verif)|x509|cert(?:ificate)? has expired|CERT_|self[- ]signed|bad certificate|ssl(?:v3)? (?:error|alert|routines)|tls (?:handshake|alert|error)|handshake failure|acme",
  ]),
  row("access", "access that is refused", [
    "permission denied|EACCES|EPERM|operation not permitted|not permitted|insufficient (?:permission|privilege)|not writable|cannot write|can't (?:write|create|open)",
    "(?:does not|doesn't|not) own\\b|ownership|\\bPUID\\b|role .{0,40}does not exist",
    "access (?:is |was )?denied|unauthori[sz]ed|forbidden|\\b40[13]\\b|not authori[sz]ed|not allowed",
    "(?:auth\\w*|login|logon|password|credentials?|tokens?|api[ _-]?keys?|handshake key)\\b.{0,50}(?:fail|expired|invalid|denied|refused|wrong|rejected|revoked|incorrect|mismatch|error|missing)",
    "(?:invalid|wrong|bad|expired|incorrect|revoked|missing)(?: \\w+)? (?:password|credentials?|token|api[ _-]?key|username|user|login|secret|signature|certificate)",
    "NOAUTH|WRONGPASS|no password supplied|selinux|apparmor|avc: +denied",
  ]),
  row("outside", "a limit or fault of somebody else's service", [
    "blocked by|captcha|\\bbanned\\b|blacklist|rate[- ]?limit|too many requests|\\b429\\b|throttled by|quota|usage limit|retry-after",
    "upstream (?:provider|api|service|server)|(?:provider|vendor|isp|third[- ]party|cloud ?flare|github|docker hub|registry|external api)\\b.{0,60}(?:down|outage|unavailable|error|fail|incident|maintenance|timeout|timed out|unreachable|degraded|50\\d)",
    "status ?page|(?:subscription|licen[sc]e) .{0,30}(?:expired|invalid|ended|required)|billing|payment required",
  ]),
  row("network", "an address that is taken", [
    "already (?:in use|exists|bound|allocated|taken|claimed)|\\bpan ?id\\b|EADDRINUSE|port (?:is )?already (?:allocated|in use|bound|taken)|bind(?:ing)?\\b.{0,40}(?:fail|error|in use)|failed to bind|cannot assign requested address|address pool|overlaps with other|ip conflict|duplicate ip",
  ]),
  row("network", "a name, route or link that fails", [
    "(?:could not|cannot|can't|unable to|failed to|failure in) (?:resolve|name resolution)|name (?:resolution|or service)|no such host|NXDOMAIN|SERVFAIL|EAI_AGAIN|ENOTFOUND|getaddrinfo|dns\\b.{0,40}(?:fail|error|timeout|timed out|not)",
    "no route to host|(?:network|host) is (?:unreachable|down)|EHOSTUNREACH|ENETUNREACH|host unreachable|destination .{0,20}unreachable|link (?:is )?down|no carrier|packet loss|vpn\\b.{0,40}(?:down|fail|lost)|handshake:? did not complete|server misbehaving|\\blookup \\S+ on\\b",
  ]),
  row("network", OF_ANOTHER, [
    "(?:ECONNREFUSED|ETIMEDOUT|connection refused|connect(?:ion)? (?:failed|timed out|error)|dial tcp)[^\\n]{0,60}:(?:5432|3306|6379|27017|1883|8883|5672|9092|389|636|25|587|2049|445)\\b",
    "(?:\\bdb|database|postgres\\w*|mysql|mariadb|redis|mongo\\w*|broker|mosquitto|mqtt|rabbitmq|kafka|ldap|smtp|nfs)[\\w.-]*(?::\\d+)?[^\\n]{0,30}(?:connection refused|timed out|timeout|no route)",
    "(?:could not|cannot|can't|unable to|failed to|error) (?:connect(?:ing)?|reach) ?(?:to )?(?:the )?(?:its )?(?:database|db|postgres\\w*|mysql|mariadb|redis|broker|mqtt|upstream|backend|server at|remote|nfs|nas|ldap|smtp|host)\\b",
    "(?:database|postgres|mysql|mariadb|redis|broker|upstream|backend|nfs|nas|storage|dependency|dependencies|ldap|gateway)\\b[^.\\n]{0,40}(?:is |was |are )?(?:down|unavailable|unreachable|not (?:available|reachable|running|ready|responding)|offline|gone|refus)",
    "connection slots|too many (?:clients|connections)|connection (?:limit|pool) (?:reached|exhaust)",
    "waiting for (?:the )?(?:database|db|postgres|redis|broker|mysql|mariadb|backend|dependency|network)",
    "no (?:live|healthy) upstreams?|mount\\.nfs|stale file handle|nfs: server",
  ]),
  row("host", "a host that is short of something", [
    "\\b(?:ram|swap|memory|load|cpu)\\b[^.\\n]{0,12}(?:9\\d|100) ?%|oom-killer|constraint_none|global_oom|out of memory: kill|host (?:memory|is out)|system (?:is )?(?:low on|out of) memory|\\bmem(?:ory)? pressure|swap (?:is )?(?:full|exhausted)|load average|cpu steal",
    "cannot allocate memory|ENOMEM|cannot fork|fork: |resource temporarily unavailable|pids? (?:limit|cgroup)",
    "kernel (?:panic|bug)|soft lockup|blocked for more than \\d+ seconds|hung_task|(?:clock|time) (?:drift|skew|jump)",
    "requires more (?:system )?memory|max_map_count|bootstrap check|sysctl|ulimit|system limit|oom_reaper",
  ]),
  row("version_or_config", "something it cannot find or use", [
    "(?:could not|cannot|can't|can not|unable to|failed to|error while) (?:be found|open|opening|load|loading|mount|initiali[sz]e|lock|find|parse|parsing|acquire|locate|handle|creating mount|write to)\\b",
    "\\bnot found\\b|(?:does|do) not exist|doesn't exist|undefined (?:service|network|volume)|invalid (?:compose|interpolation)|could not be found",
    "(?:Syntax|Scanner|Parser|Parse|Validation|Config\\w*|Lock)(?:Error|Exception)|while (?:parsing|scanning)",
  ]),
  row("deliberate", "something planned or by design", [
    "\\bmaintenance\\b|planned (?:shutdown|reboot|outage|downtime|work)|scheduled (?:shutdown|reboot|task|window|downtime|scrub|backup)|on purpose|intentional|by design|as (?:every (?:night|day|week|hour)|usual|designed|expected|intended|planned|always)",
    "(?:backup|scrub|migration|re-?index\\w*|vacuum|import|upgrade|update|optimi[sz]ation|compaction|rebuild|resilver\\w*|scan) (?:is |still )*(?:running|in progress|under way)",
    "(?:stopped|paused|disabled|shut down|taken down|scaled down) (?:manually |on request )?by (?:the )?(?:user|operator|admin|owner|hand|schedule)",
  ]),
  row("unknown", "restarts that did not help", [
    "(?:restart|redeploy)\\w*\\b[^.\\n]{0,50}(?:did not|didn't|does not|doesn't|without|no) (?:help|effect|change|fix|improve|success|lasting|recover)",
    "(?:still|again) (?:down|fail\\w*|unhealthy|broken|unreachable|crash\\w*|exit\\w*)[^.\\n]{0,30}(?:after|despite)[^.\\n]{0,30}(?:restart|redeploy|recreat)",
    "(?:after|despite) (?:each|every|\\d+|several|many|multiple|repeated|two|three|four|five|the last|a|the) (?:[\\w-]+ ){0,2}(?:restart|redeploy|attempt|recreat|tr(?:y|ies))",
    "back-?off restarting|crash ?loop|restart(?:s|ed|ing)? (?:too (?:often|quickly|many)|repeatedly|again and again|in a loop|constantly|(?:[3-9]|\\d\\d+) times|twice|several times)|restart counter is at (?:[3-9]|\\d\\d+)|repeated too quickly|start-limit-hit|restart loop|keeps? (?:restarting|crashing|failing|dying|exiting)",
    "restart\\w*\\b[^.\\n]{0,60}(?:\\bagain\\b|every \\d+|\\b(?:[3-9]|\\d\\d+) times)|again after (?:a |the |each |every )?restart",
    "(?:same|identical) (?:error|fault|crash|failure|exception)[^.\\n]{0,30}(?:again|every|each|time|before|as)",
  ]),
];

/**
 * The lasting cause that the texts of a payload about `service` name first. Such a text is
 * anybody's: it may keep an action from being proposed, and never argues for one.
 */
export function lastingIn(text: string, service: string): Lasting | undefined {
  const own = service.toLowerCase();
  return LASTING.find(({ words, lasting: { what } }) => {
    const found = words.exec(text);
    return found !== null && !(what === OF_ANOTHER && found[0].toLowerCase().includes(own));
  })?.lasting;
}
