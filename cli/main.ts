#!/usr/bin/env node
import { runCli } from './program.js';

// Remarks of Node.js on libraries are for those who build this, not for those who run it.
process.noDeprecation = true;

process.exitCode = await runCli(process.argv.slice(2), process.env);
