using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Differential;

/// <summary>A server with a fault put in: commands are altered on their way in, or replies on their way out.</summary>
/// <param name="target">The server.</param>
/// <param name="alterCommand">What is sent instead of a command.</param>
/// <param name="alterReply">What comes back instead of a reply.</param>
public sealed class AlteredTarget(
    IScriptTarget target,
    Func<IReadOnlyList<string>, IReadOnlyList<string>> alterCommand,
    Func<IReadOnlyList<string>, ReplyValue, ReplyValue> alterReply) : IScriptTarget
{
    public bool ClockStandsStill => target.ClockStandsStill;

    public IScriptConnection Connect() => new Altered(target.Connect(), alterCommand, alterReply);

    public void Advance(TimeSpan time) => target.Advance(time);

    public void Dispose()
    {
    }

    private sealed class Altered(
        IScriptConnection connection,
        Func<IReadOnlyList<string>, IReadOnlyList<string>> alterCommand,
        Func<IReadOnlyList<string>, ReplyValue, ReplyValue> alterReply) : IScriptConnection
    {
        private readonly Queue<IReadOnlyList<string>> _sent = [];

        public void Send(IReadOnlyList<string> arguments)
        {
            _sent.Enqueue(arguments);
            connection.Send(alterCommand(arguments));
        }

        public ReplyValue? Receive() =>
            connection.Receive() is { } reply ? alterReply(_sent.Dequeue(), reply) : null;

        public void Dispose() => connection.Dispose();
    }
}
