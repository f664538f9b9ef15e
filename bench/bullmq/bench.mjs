// node bench.mjs HOST:PORT enqueue|bulk|process|latency CONCURRENCY JOBS
// One measurement of BullMQ; prints {seconds} or {latencies} (ms), and cpu (s).
import { Queue, Worker } from 'bullmq';

const [address, what, concurrencyText, jobsText] = process.argv.slice(2);
const [host, port] = address.split(':');
const connection = { host, port: Number(port) };
const concurrency = Number(concurrencyText);
const jobs = Number(jobsText);
const pad = (i, n) => String(i).padStart(n, '0');

// The same 150 bytes that the Go side sends.
const payload = (i) => ({
  user_id: 10000000 + i,
  email: `user${pad(i, 8)}@example.com`,
  template: 'welcome-mail',
  locale: 'en_GB',
  trace: '4bf92f3577b34da6a3ce929d0e0e4736',
  n: 100000 + i,
});

const queue = new Queue('bench', { connection });
await queue.waitUntilReady();

async function enqueueOneByOne() {
  let next = 0;
  const caller = async () => {
    while (next < jobs) await queue.add('mail:send', payload(next++));
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
}

async function enqueueBulk() {
  for (let from = 0; from < jobs; from += 1000) {
    const size = Math.min(1000, jobs - from);
    await queue.addBulk(Array.from({ length: size }, (_, i) => ({ name: 'mail:send', data: payload(from + i) })));
  }
}

// Resolves when so many jobs are persisted as completed.
function work(onJob = () => {}) {
  return new Promise((resolve) => {
    let completed = 0;
    const worker = new Worker('bench', async (job) => onJob(job), { connection, concurrency });
    worker.on('completed', () => {
      if (++completed === jobs) resolve();
    });
  });
}

async function latencies() {
  const sent = [];
  const took = [];
  const done = work((job) => {
    took.push(Number(process.hrtime.bigint() - sent[job.data.n - 100000]) / 1e6);
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const begin = Date.now();
  for (let i = 0; i < jobs; i++) {
    const wait = begin + 5 * i - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent[i] = process.hrtime.bigint();
    await queue.add('mail:send', payload(i));
  }
  await done;
  return took;
}

const measurements = { enqueue: enqueueOneByOne, bulk: enqueueBulk, process: work, latency: latencies };
const cpu = process.cpuUsage();
const begin = process.hrtime.bigint();
const answer = await measurements[what]();
const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({ seconds, latencies: answer, cpu: (used.user + used.system) / 1e6 }));
process.exit(0);
