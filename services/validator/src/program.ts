/**
 * The validator's program: everything an operator does with one validator, as `dwallet validator ...` and `dwallet evidence ...`.
 *
 * Exit codes: 0 done; 1 failed; 2 wrong arguments or configuration; 3 the validator is not running; 4 sessions were cut off at the end; 70 a bug
 * (an error that nobody handled); 130 a second signal.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import {
  DWalletError,
  DecodeError,
  type Digest,
  type Random,
  type Secret,
  secp256k1Curve,
  digest as toDigest,
} from '@dwallet/sigma';
import { networkIdOf } from '@dwallet/two-pc-mpc/network';
import { clg112, clg128, profileOf } from '@dwallet/class-groups';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AdminError, adminCall } from './admin.ts';
import { ConfigError, type ValidatorConfig, loadConfig, printSchema } from './config.ts';
import { exitCodes, softwareVersion } from './exit-codes.ts';
import { openOrMakeKeyFile } from './keystore.ts';
import { createLogger } from './logging.ts';
import { initLocalNetwork, initValidator, redisAddress } from './setup.ts';
import { loadValidatorSet, makeValidatorSet, ownEntry, parseEntry } from './validator-set.ts';
import { stringify } from 'yaml';

const systemRandom: Random = (length) => new Uint8Array(randomBytes(length));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface ConfigOptions {
  readonly config?: string;
  readonly set: string[];
  readonly json: boolean;
}

const out = (text: string): void => void process.stdout.write(`${text}\n`);

/** JSON for programs, or text for people. */
function answer(json: boolean, value: object, text: string): void {
  out(json ? JSON.stringify(value) : text);
}

const configOf = ({ config, set }: ConfigOptions): ValidatorConfig =>
  loadConfig({ ...(config === undefined ? {} : { file: config }), environment: process.env, set });

const socketOf = (config: ValidatorConfig): string => config.admin.socket ?? join(config.data, 'admin.sock');

const collect = (text: string, all: string[]): string[] => [...all, text];

function withConfig(command: Command): Command {
  return command
    .option('-c, --config <file>', 'YAML file; the environment (DWALLET_POOL_LOW=8) and --set go before it')
    .option('--set <field=value>', 'one setting, such as pool.low=8; may be repeated', collect, [])
    .option('--json', 'JSON on standard output', false)
    .allowExcessArguments(false);
}

/** The facts of a running validator as lines. */
const lines = (value: Readonly<Record<string, unknown>>): string =>
  Object.entries(value)
    .map(([name, one]) => `${name.padEnd(14)} ${typeof one === 'string' ? one : JSON.stringify(one)}`)
    .join('\n');

// Setting up ----------------------------------------------------------------------------------------------------------------------------

interface InitCommand extends ConfigOptions {
  readonly advertisePeers?: string;
  readonly advertiseClients?: string;
  readonly out?: string;
}

function init(options: InitCommand): void {
  const config = configOf(options);
  const entry = initValidator({
    config,
    environment: process.env,
    random: systemRandom,
    peers: options.advertisePeers,
    clients: options.advertiseClients,
    now: Date.now(),
  });
  const text = stringify(entry, { lineWidth: 0 });
  if (options.out !== undefined) writeFileSync(options.out, text);
  answer(
    options.json,
    { entry, ...(options.out === undefined ? {} : { file: resolve(options.out) }) },
    options.out === undefined
      ? text.trimEnd()
      : `identity ${entry.identity}\nentry for the validator set: ${options.out}`,
  );
}

interface SetCommand {
  readonly network: string;
  readonly profile: '112' | '128';
  readonly out: string;
  readonly json: boolean;
}

const networkIdOfSet = (path: string): Digest => {
  const { network, committee } = loadValidatorSet(path);
  return networkIdOf(network.name, profileOf(network.profile).id, committee.digest);
};

function makeSet(files: readonly string[], { network, profile, out: path, json }: SetCommand): void {
  const entries = files.map((file) => parseEntry(readFileSync(file, 'utf8'), file));
  writeFileSync(path, makeValidatorSet({ name: network, profile }, entries));
  const id = hex(networkIdOfSet(path));
  answer(
    json,
    { file: resolve(path), validators: entries.length, networkId: id },
    `${path}: ${entries.length} validators, network ${id}`,
  );
}

interface InitLocalCommand {
  readonly data: string;
  readonly profile: '112' | '128';
  readonly network: string;
  readonly set: string[];
}

function initLocal(ports: readonly string[], { data, profile, network, set }: InitLocalCommand): void {
  const parsed = ports.map((text) => {
    const [peers, clients, http, browser = 0] = text.split(',').map(Number) as [number, number, number, number?];
    return { peers, clients, http, browser };
  });
  const entries = initLocalNetwork({
    folder: resolve(data),
    profile,
    name: network,
    ports: parsed,
    set,
    random: systemRandom,
    now: Date.now(),
  });
  answer(true, { identities: entries.map(({ identity }) => identity) }, '');
}

function showConfig(options: ConfigOptions & { printSchema: boolean; check: boolean }): void {
  if (options.printSchema) return out(JSON.stringify(printSchema(), undefined, 2));
  const value = configOf(options);
  if (!options.check) return out(options.json ? JSON.stringify(value) : stringify(value).trimEnd());
  const set = loadValidatorSet(value.network.set);
  const { index } = ownEntry(set, value);
  answer(
    options.json,
    { ok: true, validator: index, networkId: hex(networkIdOfSet(value.network.set)) },
    `the configuration is right: validator ${index} of ${set.entries.length} in ${set.network.name}`,
  );
}

// Running -------------------------------------------------------------------------------------------------------------------------------

async function run(options: ConfigOptions & { lifeline: boolean }): Promise<number> {
  // Only what runs a validator loads all of it.
  const { ValidatorService, runService } = await import('./run-service.ts');
  const service = new ValidatorService({ config: configOf(options), environment: process.env });
  return runService(service, options.lifeline);
}

interface Facts {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly evidence: readonly string[];
}

async function status(options: ConfigOptions): Promise<number> {
  const found = await adminCall<Facts>(socketOf(configOf(options)), 'status');
  const waiting = Object.entries(found.conditions).flatMap(([name, holds]) => (holds ? [] : [name]));
  const ready = waiting.length === 0;
  answer(
    options.json,
    { ready, ...found },
    `${lines(found.facts)}\n${'evidence'.padEnd(14)} ${found.evidence.length}\n${ready ? 'ready' : `not ready: ${waiting.join(', ')}`}`,
  );
  return ready ? 0 : 1;
}

async function genesis(options: ConfigOptions): Promise<void> {
  const facts = await adminCall<Readonly<Record<string, unknown>>>(socketOf(configOf(options)), 'genesis');
  answer(options.json, facts, 'the network has a key and a setup');
}

async function presigns(options: ConfigOptions & { batch: number }): Promise<void> {
  const facts = await adminCall<{ presigns: number }>(socketOf(configOf(options)), 'presigns', {
    batch: options.batch,
  });
  answer(options.json, facts, `${facts.presigns} free presigns`);
}

async function backup(options: ConfigOptions & { to: string }): Promise<void> {
  const folder = resolve(options.to);
  await adminCall(socketOf(configOf(options)), 'backup', { folder });
  answer(options.json, { folder }, `the backup is in ${folder}`);
}

async function restore(options: ConfigOptions & { from: string }): Promise<void> {
  const { data } = configOf(options);
  const { restoreBackup } = await import('./store/restore-backup.ts');
  await restoreBackup(resolve(options.from), data, systemRandom);
  const text = [
    `restored into ${data}`,
    'The lost validator must never run again. This one abstains from everything that it may have answered after the backup,',
    'and the presigns that it may have bound are void.',
  ];
  answer(options.json, { folder: data }, text.join('\n'));
}

async function release(id: string, options: ConfigOptions): Promise<void> {
  const { released } = await adminCall<{ released: boolean }>(socketOf(configOf(options)), 'release', { dwallet: id });
  answer(options.json, { dwallet: id, released }, released ? 'released' : 'it was not locked here');
}

// Zones ---------------------------------------------------------------------------------------------------------------------------------

interface FaultLine {
  readonly chain: string;
  readonly track: string;
  readonly height: number;
  readonly time: number;
  readonly reported: string;
  readonly conflicting: string;
}

async function zoneFaults(options: ConfigOptions): Promise<void> {
  const found = await adminCall<{
    readonly faults: readonly FaultLine[];
    readonly watchers: readonly { readonly chain: string; readonly status: string }[];
  }>(socketOf(configOf(options)), 'zone-faults');
  const text = [
    ...found.watchers.map(({ chain, status: now }) => `${chain.padEnd(32)} ${now}`),
    ...found.faults.map(({ chain, track, height, time, reported, conflicting }) =>
      [
        `${chain} took back block ${height} (${track} track, ${new Date(time).toISOString()})`,
        `  reported    ${reported}`,
        `  conflicting ${conflicting}`,
      ].join('\n'),
    ),
    ...(found.faults.length === 0 ? ['no chain took back what was reported'] : []),
  ];
  answer(options.json, found, text.join('\n'));
}

interface AcknowledgeCommand extends ConfigOptions {
  readonly track: string;
  readonly block: string;
}

async function acknowledge(chain: string, options: AcknowledgeCommand): Promise<void> {
  const { track, block } = options;
  const found = await adminCall<{ acknowledged: FaultLine }>(socketOf(configOf(options)), 'zone-acknowledge', {
    chain,
    track,
    block,
  });
  answer(
    options.json,
    found,
    `acknowledged: this validator follows ${chain} again, on the chain with block ${found.acknowledged.conflicting}`,
  );
}

// Evidence ------------------------------------------------------------------------------------------------------------------------------

interface EvidenceLine {
  readonly id: string;
  readonly kind: string;
  readonly accused: number;
  readonly check: string;
  readonly reason: string;
}

async function evidenceList(options: ConfigOptions): Promise<void> {
  const { evidence } = await adminCall<{ evidence: EvidenceLine[] }>(socketOf(configOf(options)), 'evidence-list');
  const text = evidence.map(({ id, accused, check, reason }) => `${id}\n  validator ${accused}, ${check}: ${reason}`);
  answer(options.json, { evidence }, text.length === 0 ? 'there is no evidence' : text.join('\n'));
}

async function evidenceExport(id: string, options: ConfigOptions & { out: string }): Promise<void> {
  const { evidence } = await adminCall<{ evidence: string }>(socketOf(configOf(options)), 'evidence-export', { id });
  const bytes = Buffer.from(evidence, 'base64');
  writeFileSync(options.out, bytes);
  answer(
    options.json,
    { id, file: resolve(options.out), bytes: bytes.length },
    `${options.out}: ${bytes.length} bytes`,
  );
}

/** What a file says of itself, judged or not. */
async function describe(bytes: Uint8Array): Promise<Record<string, string | number>> {
  const { decodeEvidence, evidenceDigest } = await import('./evidence.ts');
  const { network, kind, session, accused, check, reason } = decodeEvidence(bytes);
  return {
    network: network.name,
    profile: network.profile,
    kind,
    session: hex(session),
    accused,
    check,
    reason,
    digest: hex(evidenceDigest(bytes)),
    bytes: bytes.length,
  };
}

async function evidenceShow(file: string, { json }: { json: boolean }): Promise<void> {
  const facts = await describe(new Uint8Array(readFileSync(file)));
  answer(json, facts, lines(facts));
}

/** Judges a file offline. Exit code 1 when it proves nothing. */
async function evidenceVerify(
  file: string,
  options: { json: boolean; network?: string; validators?: string },
): Promise<number> {
  const { decodeEvidence, verifyEvidence } = await import('./evidence.ts');
  const { parametersOf } = await import('./service.ts');
  const bytes = new Uint8Array(readFileSync(file));
  const { network } = decodeEvidence(bytes);
  const profile = network.profile === clg112.id ? '112' : network.profile === clg128.id ? '128' : undefined;
  if (profile === undefined) throw new DecodeError('Evidence.profile', 'is unknown');
  const trusted =
    options.validators === undefined
      ? options.network === undefined
        ? undefined
        : toDigest(new Uint8Array(Buffer.from(options.network, 'hex')))
      : networkIdOfSet(options.validators);
  const verdict = verifyEvidence(bytes, {
    parameters: parametersOf(profile, process.env['DWALLET_KERNEL']),
    curve: secp256k1Curve,
    ...(trusted === undefined ? {} : { networkId: trusted }),
  });
  const faults = verdict.faults.map(({ party, check, reason }) => ({ party, check, reason }));
  const networkId = verdict.networkId === undefined ? undefined : hex(verdict.networkId);
  const text = verdict.valid
    ? [
        ...faults.map(({ party, check, reason }) => `validator ${party} is at fault (${check}): ${reason}`),
        ...(verdict.evidence?.kind === 'zone-fork'
          ? ['the zone log is forked: more than f validators are at fault']
          : []),
        ...(verdict.evidence?.kind === 'unexplained'
          ? ['no single validator is at fault: the quorum of the presign is']
          : []),
        trusted === undefined ? `if network ${networkId} is the one that you mean: pass --validators to be sure` : '',
      ]
        .filter((line) => line !== '')
        .join('\n')
    : `this file proves nothing: ${verdict.problem ?? 'unknown'}`;
  answer(
    options.json,
    { valid: verdict.valid, faults, networkId, trusted: trusted !== undefined, problem: verdict.problem },
    text,
  );
  return verdict.valid ? 0 : 1;
}

// The program ---------------------------------------------------------------------------------------------------------------------------

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`must be an integer from ${min} to ${max}.`);
    return value;
  };
}

function validatorProgram(finish: (code: number) => void): Command {
  const program = new Command('dwallet validator').description('one validator').version(softwareVersion);
  withConfig(program.command('init'))
    .description('makes what is missing: keystore, TLS certificates, and the entry for the validator set')
    .option('--advertise-peers <host:port>', 'where the other validators reach it; default: listen.peers')
    .option('--advertise-clients <host:port>', 'where clients reach it; default: listen.clients')
    .option('--out <file>', 'file for the entry; default: standard output')
    .action(init);
  program
    .command('set')
    .description('makes the validator set of all entries; every validator uses the same file')
    .argument('<entries...>', 'files of "dwallet validator init --out"')
    .requiredOption('--network <name>', 'name of the network')
    .addOption(new Option('--profile <bits>', 'security of the class group').choices(['112', '128']).default('128'))
    .option('--out <file>', 'the file to write', 'validators.yaml')
    .option('--json', 'JSON on standard output', false)
    .action(makeSet);
  withConfig(program.command('config'))
    .description('prints the configuration with all defaults')
    .option('--check', 'checks it against the validator set, and prints nothing else', false)
    .option('--print-schema', 'prints its JSON Schema', false)
    .action(showConfig);
  withConfig(program.command('run'))
    .description('runs the validator until SIGTERM or SIGINT; SIGHUP loads certificates again')
    .option('--lifeline', 'also ends when standard input closes', false)
    .action(async (options: ConfigOptions & { lifeline: boolean }) => finish(await run(options)));
  withConfig(program.command('status'))
    .description('what the running validator does; exit code 1 when it is not ready')
    .action(async (options: ConfigOptions) => finish(await status(options)));
  withConfig(program.command('genesis'))
    .description('the running validator leads the genesis; validator 1 does that by itself')
    .action(genesis);
  withConfig(program.command('presigns'))
    .description('the running validator leads one presign session now')
    .option('--batch <n>', 'how many, 1 to 64', integer(1, 64), 16)
    .action(presigns);
  withConfig(program.command('backup'))
    .description('copies the running validator into a folder: store and keystore, still encrypted')
    .requiredOption('--to <folder>', 'a folder that does not exist yet')
    .action(backup);
  withConfig(program.command('restore'))
    .description('puts a backup in the place of a validator that is lost for ever; its data folder must be empty')
    .requiredOption('--from <folder>', 'a folder that "backup" wrote')
    .action(restore);
  withConfig(program.command('release'))
    .description('lets a dWallet that an alarm locked sign here again, when you have looked into it')
    .argument('<dwallet>', 'its id, 64 hex characters')
    .action(release);
  withConfig(program.command('zone-faults'))
    .description(
      'what the watchers of the running validator do, and blocks that chains took back after they were reported',
    )
    .action(zoneFaults);
  withConfig(program.command('acknowledge'))
    .description(
      'goes on after a safety fault of a chain, on the blocks that its node shows now, when you have looked into it',
    )
    .argument('<chain>', 'CAIP-2 id')
    .addOption(new Option('--track <track>', 'what was taken back').choices(['final', 'cluster']).default('final'))
    .requiredOption('--block <hash>', 'hash of the conflicting block, as "zone-faults" prints it')
    .action(acknowledge);
  program
    .command('init-local', { hidden: true })
    .argument('<ports...>', 'peers,clients,http[,browser] of each validator')
    .requiredOption('--data <folder>')
    .addOption(new Option('--profile <bits>').choices(['112', '128']).default('128'))
    .option('--network <name>', 'name of the network', 'dwallet-local')
    .option('--set <field=value>', 'one setting of every validator', collect, [])
    .action(initLocal);
  return program;
}

interface WorkerCommand {
  readonly redis: string;
  readonly keyFile: string;
  readonly profile: '112' | '128';
  readonly threads?: number;
  readonly passwordFile?: string;
  readonly passwordEnvironment?: string;
  readonly tables?: string;
}

/** For the jobs that a worker has. */
const workerEndMs = 15_000;

/** Computes for one validator until a signal ends it; what runs is finished first. */
async function work(options: WorkerCommand): Promise<void> {
  const { runWorker } = await import('./compute/redis-worker.ts');
  const { parametersOf } = await import('./service.ts');
  const { redis: url, keyFile, passwordFile, passwordEnvironment, threads, tables } = options;
  const log = createLogger({ level: 'info', base: { worker: process.pid } });
  const worker = runWorker({
    redis: redisAddress({ url, passwordFile, passwordEnvironment }, process.env),
    // A worker never makes the key: it is the validator's.
    workerKey: readKeyFile(keyFile),
    parameters: parametersOf(options.profile, process.env['DWALLET_KERNEL']),
    curve: secp256k1Curve,
    random: systemRandom,
    ...(threads === undefined ? {} : { threads }),
    ...(tables === undefined ? {} : { tableCache: { folder: resolve(tables) } }),
    shortTables: true,
    log: (text) => log.info(text),
  });
  const over = new Promise<void>((end) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end());
  });
  void worker.ready.then(() => log.info('working', { threads: worker.pool.parallelism }));
  await over;
  process.once('SIGTERM', () => process.exit(exitCodes.interrupted));
  process.once('SIGINT', () => process.exit(exitCodes.interrupted));
  // A Redis that is away answers no goodbye; what was lost with it is computed by the validator.
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((end) => {
    timer = setTimeout(end, workerEndMs);
  });
  await Promise.race([worker.close(), late]);
  clearTimeout(timer);
  log.info('stopped');
}

function readKeyFile(path: string): Secret<Uint8Array> {
  if (!existsSync(path)) throw new ConfigError(path, ['there is no such file: copy it from the validator']);
  return openOrMakeKeyFile(path, systemRandom).key;
}

function workerProgram(): Command {
  const program = new Command('dwallet');
  program
    .command('worker')
    .description('computes public jobs of one validator, on any machine that reaches its Redis')
    .requiredOption('--redis <url>', 'redis://host:port or rediss://host:port, without a password')
    .requiredOption('--key-file <file>', "a copy of the validator's compute.redis.workerKeyFile")
    .addOption(new Option('--profile <bits>', 'security of the class group').choices(['112', '128']).default('128'))
    .option('--threads <n>', 'default: one per core', integer(1, 256))
    .option('--password-file <file>', 'file whose first line is the password of Redis')
    .option('--password-environment <name>', 'environment variable with it')
    .option('--tables <folder>', 'where tables are kept between runs')
    .allowExcessArguments(false)
    .action(work);
  return program;
}

function evidenceProgram(finish: (code: number) => void): Command {
  const program = new Command('dwallet evidence').description('evidence of misbehaviour');
  withConfig(program.command('list')).description('what the running validator has stored').action(evidenceList);
  withConfig(program.command('export'))
    .description('writes evidence of the running validator into a file that anybody can judge')
    .argument('<id>', 'as "list" prints it')
    .requiredOption('--out <file>', 'the file to write')
    .action(evidenceExport);
  program
    .command('show')
    .description('what a file says of itself, without judging it')
    .argument('<file>')
    .option('--json', 'JSON on standard output', false)
    .action(evidenceShow);
  program
    .command('verify')
    .description('judges a file offline; exit code 1 when it proves nothing')
    .argument('<file>')
    .option('--validators <file>', 'the validator set of the network that you trust')
    .option('--network <hex>', 'the id of the network that you trust')
    .option('--json', 'JSON on standard output', false)
    .action(async (file: string, options: { json: boolean; network?: string; validators?: string }) =>
      finish(await evidenceVerify(file, options)),
    );
  return program;
}

/** Runs the program. @returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const isEvidence = argv[0] === 'evidence';
  const program = isEvidence
    ? evidenceProgram(finish)
    : argv[0] === 'worker'
      ? workerProgram()
      : validatorProgram(finish);
  for (const command of [program, ...program.commands]) command.exitOverride();
  try {
    await program.parseAsync(isEvidence ? argv.slice(1) : [...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof DWalletError ? error.code : 'FAILED';
    if (argv.includes('--json')) out(JSON.stringify({ error: code, message }));
    else process.stderr.write(`dwallet: ${message}\n`);
    if (process.env['DWALLET_DEBUG'] !== undefined) console.error(error);
    if (error instanceof ConfigError) return exitCodes.usage;
    return error instanceof AdminError && error.code === 'NOT_RUNNING' ? exitCodes.notRunning : exitCodes.failed;
  }
}
