using System.Text;

namespace RedisClone.Server.Configuration;

/// <summary>Writes the reference of all settings from their rows.</summary>
internal static class ConfigurationDocs
{
    public const string FileName = "configuration.md";

    private const string Introduction =
        """
        # Configuration

        This page is written by `redisclone docs --out docs` from the table of settings; change that table, not this page.

        Settings come from a file in the format of redis.conf, from standard input, and from the command line; what comes
        later overrides what came before, and the command line comes last.

        ```
        redisclone                                  # the defaults
        redisclone /etc/redisclone.conf             # a file
        redisclone --port 7000 --dir /data          # options: any setting, with -- before its name
        redisclone my.conf --appendfsync always     # both
        echo 'port 7000' | redisclone -             # standard input
        ```

        A file has one setting a line: its name, without regard to case, and its value.

        ```
        # A line that starts with # is a comment; a # further on is not.
        port 7000
        # In double quotes \n \r \t \a \b \xHH \" and \\ are what they are in C.
        dir "/srv/data store"
        # k, m and g count in thousands; kb, mb and gb in steps of 1024.
        auto-aof-rewrite-min-size 64mb
        client-output-buffer-limit normal 0 0 0 pubsub 32mb 8mb 60
        include /etc/redisclone.d/*.conf
        ```

        `CONFIG GET pattern ...` shows settings, `CONFIG SET name value ...` changes those that say so below: all that
        one command names, or none of them. The server does not start with a setting it does not know or cannot keep;
        it says where each one is.


        """;

    /// <summary>The page, in Markdown.</summary>
    public static string Write()
    {
        var page = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        WriteTable(page, "what it does", Settings.All.Where(setting => !setting.HasNoEffect));
        page.Append("""

            ## Accepted without effect

            Redis has these, files hold them, and nothing depends on them here. They take the values that Redis takes.


            """.ReplaceLineEndings("\n"));
        WriteTable(page, "why it has none", Settings.All.Where(setting => setting.HasNoEffect));
        return page.ToString();
    }

    private static void WriteTable(StringBuilder page, string last, IEnumerable<Setting> settings)
    {
        page.Append($"| setting | values | default | change | {last} |\n");
        page.Append("|---|---|---|---|---|\n");
        foreach (Setting setting in settings)
        {
            string alias = setting.Alias is null ? "" : $" (or `{setting.Alias}`)";
            string defaultValue = setting.Default.Length == 0 ? "empty" : $"`{setting.Default}`";
            string change = setting.Change == SettingChange.AtRunTime ? "CONFIG SET" : "at start";
            page.Append($"| `{setting.Name}`{alias} | {setting.Values} | {defaultValue} | {change} ")
                .Append($"| {setting.Summary} |\n");
        }
    }
}
