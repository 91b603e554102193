// Loaded into the core with --import: at each SIGUSR2 its clock steps back a minute.
const now = Date.now;
let offset = 0;
Date.now = () => now() + offset;
process.on('SIGUSR2', () => {
  offset -= 60_000;
});
