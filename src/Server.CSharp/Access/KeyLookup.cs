using RedisClone.Protocol;
using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Access;

/// <summary>The keys of one command, looked for when somebody asks, and then once. Serves one command after another.</summary>
public sealed class KeyLookup
{
    private readonly KeyPositions _found = new();
    private HostCommand? _command;
    private Arguments? _args;
    private bool _isDone;

    public HostCommand Command => _command!;

    public Arguments Args => _args!;

    /// <summary>
    /// The keys. If the arguments make no sense, those that could be made out: Redis looks at none then, but not every command
    /// refuses such arguments (PFMERGE without sources does not).
    /// </summary>
    public KeyPositions Keys
    {
        get
        {
            if (!_isDone)
            {
                _isDone = true;
                _found.Count = 0;
                if (Command.HasKeys)
                {
                    Command.CollectKeys(Args, _found);
                }
            }

            return _found;
        }
    }

    /// <summary>Turns to another command.</summary>
    public KeyLookup Of(HostCommand command, Arguments args)
    {
        _command = command;
        _args = args;
        _isDone = false;
        return this;
    }
}
