'use strict';

// A few commands through ioredis over TLS: the port, and the file of the authority that signed the server's certificate.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const Redis = require('ioredis');

async function main() {
    const redis = new Redis({
        host: 'localhost', family: 4, port: Number(process.argv[2]), maxRetriesPerRequest: 1, retryStrategy: null,
        tls: { ca: fs.readFileSync(process.argv[3]) },
    });
    const large = 'x'.repeat(1_000_000);
    assert.equal(await redis.set('large', large), 'OK');
    assert.equal(await redis.get('large'), large);
    const replies = await Promise.all(Array.from({ length: 1000 }, () => redis.incr('n')));
    assert.equal(replies.at(-1), 1000);
    await redis.quit();
    console.log('ok');
}

main().catch(error => {
    console.log(error);
    process.exit(1);
});
