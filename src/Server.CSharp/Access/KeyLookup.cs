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

    /// <summary>The keys. There are none if the arguments make no sense; then the command will say so.</summary>
    public KeyPositions Keys
    {
        get
        {
            if (!_isDone)
            {
                _isDone = true;
                if (!Command.HasKeys || !Command.CollectKeys(Args, _found))
                {
                    _found.Count = 0;
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
