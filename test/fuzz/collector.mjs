// Loaded into a process before all else: it collects all its garbage when it gets SIGUSR2. What V8 keeps for later, and
// an idle process never gives back, is not taken for what the process holds.
import { Session } from 'node:inspector';

const session = new Session();
session.connect();
process.on('SIGUSR2', () => session.post('HeapProfiler.collectGarbage'));
