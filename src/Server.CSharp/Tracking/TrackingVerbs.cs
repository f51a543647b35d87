using RedisClone.Protocol;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Tracking;

/// <summary>CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR.</summary>
public sealed class TrackingVerbs(Engine.Engine engine, SessionTable sessions) : IHostVerbs
{
    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher) =>
    [
        new("client|tracking", Tracking),
        new("client|caching", Caching),
        new("client|trackinginfo", Info),
        new("client|getredir", (session, _, reply) => reply.Integer(session.Tracking?.Redirect ?? -1)),
    ];

    private void Tracking(Session session, Arguments args, RespWriter reply)
    {
        var options = new Options();
        if (ReadOptions(args, options) is { } problem)
        {
            reply.Error(problem);
        }
        else if (Bytes.isWord("OFF", args[2]))
        {
            engine.Tracking.Disable(session);
            reply.Ok();
        }
        else if (!Bytes.isWord("ON", args[2]))
        {
            reply.Error(Errors.syntax);
        }
        else if ((Contradiction(session, options) ?? Overlap(session, options)) is { } refusal)
        {
            reply.Error(refusal);
        }
        else
        {
            var tracking = new ClientTracking
            {
                Redirect = options.Redirect,
                IsBroadcast = options.Broadcast,
                OptIn = options.OptIn,
                OptOut = options.OptOut,
                NoLoop = options.NoLoop,
            };
            if (options.Broadcast && options.Prefixes.Count == 0)
            {
                options.Prefixes.Add([]);
            }

            engine.Tracking.Enable(session, tracking, options.Prefixes);
            reply.Ok();
        }
    }

    private string? ReadOptions(Arguments args, Options options)
    {
        for (var i = 3; i < args.Count; i++)
        {
            var hasNext = i + 1 < args.Count;
            if (Bytes.isWord("REDIRECT", args[i]) && hasNext)
            {
                i++;
                if (options.Redirect != 0)
                {
                    return Errors.redirectTwice;
                }

                if (!Numbers.tryParseInt64(args[i], out var id))
                {
                    return Errors.notInteger;
                }

                if (sessions.Find(id) is null)
                {
                    return Errors.redirectTargetMissing;
                }

                options.Redirect = id;
            }
            else if (Bytes.isWord("BCAST", args[i]))
            {
                options.Broadcast = true;
            }
            else if (Bytes.isWord("OPTIN", args[i]))
            {
                options.OptIn = true;
            }
            else if (Bytes.isWord("OPTOUT", args[i]))
            {
                options.OptOut = true;
            }
            else if (Bytes.isWord("NOLOOP", args[i]))
            {
                options.NoLoop = true;
            }
            else if (Bytes.isWord("PREFIX", args[i]) && hasNext)
            {
                options.Prefixes.Add(args[++i].ToArray());
            }
            else
            {
                return Errors.syntax;
            }
        }

        return null;
    }

    private static string? Contradiction(Session session, Options options)
    {
        if (!options.Broadcast && options.Prefixes.Count > 0)
        {
            return Errors.prefixWithoutBcast;
        }

        if (session.Tracking is { } before && before.IsBroadcast != options.Broadcast)
        {
            return Errors.switchBcast;
        }

        if (options.Broadcast && (options.OptIn || options.OptOut))
        {
            return Errors.optinWithBcast;
        }

        if (options.OptIn && options.OptOut)
        {
            return Errors.optinAndOptout;
        }

        return session.Tracking is { } mode && ((options.OptIn && mode.OptOut) || (options.OptOut && mode.OptIn))
            ? Errors.switchOptin
            : null;
    }

    /// <summary>
    /// The prefixes of a client must not begin with one another: it would be told of a key twice. In the order of their bytes
    /// whatever begins with a prefix follows it at once, so that neighbours are all that need be compared.
    /// </summary>
    private static string? Overlap(Session session, Options options)
    {
        const int Existing = -1;
        List<(byte[] Prefix, int Index)> all = [.. options.Prefixes.Select((prefix, index) => (prefix, index))];
        all.AddRange((session.Tracking?.Prefixes ?? []).Select(prefix => (prefix, Existing)));
        all.Sort(static (x, y) => x.Prefix.AsSpan().SequenceCompareTo(y.Prefix) is var order and not 0
            ? order
            : x.Index.CompareTo(y.Index));
        var found = (First: int.MaxValue, Second: int.MaxValue, Other: Array.Empty<byte>());
        for (var i = 1; i < all.Count; i++)
        {
            var (one, other) = all[i - 1].Index >= 0 && (all[i].Index < 0 || all[i - 1].Index < all[i].Index)
                ? (all[i - 1], all[i])
                : (all[i], all[i - 1]);
            if (all[i].Prefix.AsSpan().StartsWith(all[i - 1].Prefix)
                && (one.Index, other.Index).CompareTo((found.First, found.Second)) < 0)
            {
                found = (one.Index, other.Index, other.Prefix);
            }
        }

        return found.First == int.MaxValue
            ? null
            : found.Second == Existing
                ? Errors.prefixOverlapsExisting(options.Prefixes[found.First], found.Other)
                : Errors.prefixesOverlap(options.Prefixes[found.First], found.Other);
    }

    private static void Caching(Session session, Arguments args, RespWriter reply)
    {
        var isYes = Bytes.isWord("YES", args[2]);
        if (session.Tracking is not { } tracking)
        {
            reply.Error(Errors.cachingWithoutTracking);
        }
        else if (!isYes && !Bytes.isWord("NO", args[2]))
        {
            reply.Error(Errors.syntax);
        }
        else if (isYes ? !tracking.OptIn : !tracking.OptOut)
        {
            reply.Error(isYes ? Errors.cachingYesWithoutOptin : Errors.cachingNoWithoutOptout);
        }
        else
        {
            tracking.Caching = true;
            reply.Ok();
        }
    }

    private static void Info(Session session, Arguments args, RespWriter reply)
    {
        var tracking = session.Tracking;
        List<string> flags = [tracking is null ? "off" : "on"];
        AddIf(tracking?.IsBroadcast, "bcast");
        AddIf(tracking?.OptIn, "optin");
        AddIf(tracking is { OptIn: true, Caching: true }, "caching-yes");
        AddIf(tracking?.OptOut, "optout");
        AddIf(tracking is { OptOut: true, Caching: true }, "caching-no");
        AddIf(tracking?.NoLoop, "noloop");
        AddIf(tracking?.IsRedirectBroken, "broken_redirect");
        reply.Map(3);
        reply.BulkText("flags");
        reply.Set(flags.Count);
        flags.ForEach(reply.BulkText);
        reply.BulkText("redirect");
        reply.Integer(tracking?.Redirect ?? -1);
        reply.BulkText("prefixes");
        reply.Array(tracking?.Prefixes.Count ?? 0);
        foreach (var prefix in tracking?.Prefixes ?? [])
        {
            reply.Bulk(prefix);
        }

        void AddIf(bool? holds, string flag)
        {
            if (holds == true)
            {
                flags.Add(flag);
            }
        }
    }

    private sealed class Options
    {
        public long Redirect { get; set; }

        public bool Broadcast { get; set; }

        public bool OptIn { get; set; }

        public bool OptOut { get; set; }

        public bool NoLoop { get; set; }

        public List<byte[]> Prefixes { get; } = [];
    }
}
