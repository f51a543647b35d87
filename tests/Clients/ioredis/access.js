'use strict';

// Logs in with ioredis to the server on the port given, whose default user has the password "secret", and prints a line
// for each part that went as it should.

const assert = require('node:assert/strict');
const Redis = require('ioredis');

const port = Number(process.argv[2]);
const connections = [];

function connect(options) {
    const connection = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 1, retryStrategy: null, ...options });
    // Without a listener each error would be printed; a command that fails says so anyway.
    connection.on('error', () => {});
    connections.push(connection);
    return connection;
}

async function main() {
    await assert.rejects(connect({}).get('k'), /NOAUTH/);
    console.log('ok stranger');

    const standard = connect({ password: 'secret' });
    assert.equal(await standard.acl('SETUSER', 'alice', 'on', '>wonder', '+@all', '-@dangerous', '+info', '~a*'), 'OK');
    assert.equal(await standard.acl('WHOAMI'), 'default');
    console.log('ok default');

    const alice = connect({ username: 'alice', password: 'wonder' });
    assert.equal(await alice.set('a', 1), 'OK');
    assert.equal(await alice.acl('WHOAMI'), 'alice');
    await assert.rejects(alice.get('b'), /NOPERM/);
    await assert.rejects(alice.keys('*'), /NOPERM/);
    console.log('ok user');
}

main().then(
    () => connections.forEach(connection => connection.disconnect()),
    error => {
        console.error(error);
        process.exit(1);
    });
