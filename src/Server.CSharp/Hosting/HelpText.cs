using RedisClone.Server.Configuration;

namespace RedisClone.Server.Hosting;

/// <summary>What --help and --version print.</summary>
internal static class HelpText
{
    public const string Text =
        """
        redisclone: a server that speaks the protocol of Redis and keeps every write on disk.

        Serve:
          redisclone [configuration file] [-] [--setting value ...]

          redisclone                                         port 6379, loopback, data in this directory
          redisclone --port 7000 --dir /var/lib/redisclone   any setting of redis.conf, with -- before its name
          redisclone /etc/redisclone.conf                    settings from a file
          redisclone /etc/redisclone.conf --loglevel debug   the command line overrides the file
          echo 'port 7000' | redisclone -                    settings from standard input
          redisclone --port 0                                any free port; the log says which
          redisclone --bind '*' '::*'                        reachable from other machines: mind who can
          redisclone --appendonly no                         keep nothing: a cache
          redisclone --appendfsync always                    a reply means: it is on disk
          redisclone --client-output-buffer-limit pubsub 64mb 16mb 60

        Look after the data:
          redisclone check storage.store                     is every byte of the log good? changes nothing
          redisclone repair storage.store                    cut off what is not, and keep it beside the log

        Ask a server whether it is well (exit code 0 or 1):
          redisclone ping [port | host:port | path of a Unix socket]

        Write the reference pages:
          redisclone docs --out docs

        Others:
          redisclone --help     (or -h)
          redisclone --version  (or -v)

        Ctrl+C or SIGTERM stops the server in good order. It exits with 0 when all went well, with 1 when not, and with
        130 after a second Ctrl+C, at once. SIGHUP is for logrotate.

        """;

    public static string Version =>
        $"{ProductInfo.Name} v={ProductInfo.Version} redis={ProductInfo.RedisVersion} "
        + $"runtime={Environment.Version} bits={IntPtr.Size * 8}";
}
