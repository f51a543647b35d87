using RedisClone.Protocol;
using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>
/// CONFIG GET, SET and REWRITE over the options of one server. Arguments are byte text: one character for each
/// byte. To be called by one thread at a time.
/// </summary>
internal sealed class ConfigCommand(ServerOptions options)
{
    private const string GlobCharacters = "[*?";

    /// <summary>The users as lines of the configuration file; none if they are kept in a file of their own.</summary>
    public Func<IReadOnlyList<string>> Users { get; set; } = () => [];

    private static readonly byte[][] NameBytes =
        Settings.Names.Select(entry => Bytes.ofString(entry.Name)).ToArray();

    /// <summary>
    /// Shows the settings named or matched by any of the patterns, each once. As in Redis, a pattern without wildcards
    /// comes back in the reply as it was typed.
    /// </summary>
    public void Get(ReadOnlySpan<string> patterns, RespWriter writer)
    {
        var found = new Dictionary<string, (string Shown, Setting Setting)>(StringComparer.OrdinalIgnoreCase);
        foreach (string pattern in patterns)
        {
            if (pattern.AsSpan().IndexOfAny(GlobCharacters) < 0)
            {
                if (Settings.Find(pattern) is { } setting)
                {
                    found.TryAdd(pattern, (pattern, setting));
                }

                continue;
            }

            if (found.Count < Settings.Names.Count)
            {
                AddMatches(Bytes.ofString(pattern), found);
            }
        }

        writer.Map(found.Count);
        foreach ((string shown, Setting setting) in found.Values)
        {
            writer.BulkText(shown);
            writer.BulkText(setting.Format(options));
        }
    }

    private static void AddMatches(byte[] pattern, Dictionary<string, (string Shown, Setting Setting)> found)
    {
        for (int i = 0; i < Settings.Names.Count; i++)
        {
            if (Glob.isMatch(pattern, NameBytes[i], ignoreCase: true))
            {
                (string name, Setting setting) = Settings.Names[i];
                found.TryAdd(name, (name, setting));
            }
        }
    }

    /// <summary>
    /// Changes settings given as names and values in turn. They are tried on a copy first; only if all are accepted do
    /// they reach the options, and if somebody who must carry one out objects, all are taken back.
    /// </summary>
    public void Set(ReadOnlySpan<string> pairs, RespWriter writer)
    {
        if (pairs.Length % 2 != 0)
        {
            writer.Error(Errors.syntax);
            return;
        }

        string? error = Resolve(pairs, out List<Assignment> assignments) ?? Apply(assignments);
        if (error is null)
        {
            writer.Ok();
        }
        else
        {
            writer.Error(error);
        }
    }

    /// <summary>Brings the configuration file up to date, as a whole or not at all.</summary>
    public void Rewrite(RespWriter writer)
    {
        if (options.ConfigurationFile is not { } path)
        {
            writer.Error(Errors.configWithoutFile);
            return;
        }

        try
        {
            string text = ConfigurationRewrite.Rewrite(ConfigurationReader.TextOf(path), options, Users(), rewritten =>
            {
                var read = new ServerOptions();
                new ConfigurationReader(read).ReadText(path, rewritten);
                return read;
            });
            WholeFile.Replace(path, Bytes.ofString(text));
            writer.Ok();
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            writer.Error(Errors.configRewriteFailed(FileProblem.Describe(path, e)));
        }
    }

    /// <summary>Finds the settings; the first that is unknown, not to be changed now, or named twice is the error.</summary>
    private static string? Resolve(ReadOnlySpan<string> pairs, out List<Assignment> assignments)
    {
        assignments = [];
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < pairs.Length; i += 2)
        {
            string typed = pairs[i];
            if (Settings.Find(typed) is not { } setting)
            {
                return Errors.configUnknownOption(Bytes.ofString(typed));
            }

            string? problem = setting.Change switch
            {
                SettingChange.AtStart => Reason.immutable,
                SettingChange.Protected => Reason.protectedConfig,
                _ when !seen.Add(typed) => Reason.duplicate,
                _ => null,
            };
            if (problem is not null)
            {
                return Errors.configSetFailed(typed, problem);
            }

            assignments.Add(new Assignment(setting, NameOf(setting, typed), pairs[i + 1]));
        }

        return null;
    }

    private string? Apply(List<Assignment> assignments)
    {
        ServerOptions draft = options.Copy();
        foreach (Assignment assignment in assignments)
        {
            if (assignment.Setting.Assign(draft, [assignment.Value]) is { } problem)
            {
                return Errors.configSetFailed(assignment.Name, problem);
            }
        }

        ServerOptions before = options.Copy();
        Take(assignments, draft);
        for (int i = 0; i < assignments.Count; i++)
        {
            if (options.Notify(assignments[i].Setting) is { } objection)
            {
                Take(assignments, before);
                foreach (Assignment told in assignments.Take(i + 1))
                {
                    options.Notify(told.Setting);
                }

                return Errors.configSetFailed(assignments[i].Name, objection);
            }
        }

        return null;
    }

    private void Take(List<Assignment> assignments, ServerOptions from)
    {
        foreach (Assignment assignment in assignments)
        {
            assignment.Setting.Copy(from, options);
        }
    }

    /// <summary>The name or alias that was meant, in the spelling of the table.</summary>
    private static string NameOf(Setting setting, string typed) =>
        typed.Equals(setting.Alias, StringComparison.OrdinalIgnoreCase) ? setting.Alias : setting.Name;

    private readonly record struct Assignment(Setting Setting, string Name, string Value);
}
