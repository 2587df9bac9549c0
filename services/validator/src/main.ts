#!/usr/bin/env node
import { main } from './program.ts';

// Lines to others may still be open; nothing that they could bring is waited for.
process.exit(await main(process.argv.slice(2)));
