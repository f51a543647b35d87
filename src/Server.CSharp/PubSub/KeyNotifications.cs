using RedisClone.Protocol;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.PubSub;

/// <summary>
/// Publishes what happens to keys: <c>__keyspace@0__:key</c> is told the event, <c>__keyevent@0__:event</c> the key. Needs
/// the engine's gate.
/// </summary>
public sealed class KeyNotifications(Engine.Engine engine)
{
    private const int KeptBytesMax = 4096;

    private readonly RespWriter _channel = new(256);
    private readonly RespWriter _name = new(64);
    private KeyEventSelection _selection = KeyEventSelection.None;

    /// <summary>Whether events have to be recorded: some are published, and somebody listens to something.</summary>
    public bool IsNeeded => _selection.IsOn && engine.PubSub.HasListeners;

    /// <summary>What is published.</summary>
    public KeyEventSelection Selection
    {
        get => _selection;
        set
        {
            _selection = value;
            engine.ObserveIfNeeded();
        }
    }

    /// <summary>The events that are no changes and are published nevertheless.</summary>
    public EventClass Noticed => !IsNeeded
        ? EventClass.None
        : (Selects(EventClass.KeyMiss) ? EventClass.KeyMiss : EventClass.None)
            | (Selects(EventClass.New) ? EventClass.New : EventClass.None);

    public void Publish(in KeyEvent change)
    {
        if (!IsNeeded || change.Key is null || !Selects(change.Class))
        {
            return;
        }

        _name.Reset(KeptBytesMax);
        Write(_name, change.Name);
        if (_selection.ByKey)
        {
            BeginChannel("__keyspace@", change.Database);
            _channel.Raw(change.Key);
            engine.PubSub.Publish(_channel.Written, _name.Written);
        }

        if (_selection.ByEvent)
        {
            BeginChannel("__keyevent@", change.Database);
            _channel.Raw(_name.Written);
            engine.PubSub.Publish(_channel.Written, change.Key);
        }
    }

    private static void Write(RespWriter writer, string text)
    {
        var written = System.Text.Encoding.Latin1.GetBytes(text, writer.Reserve(text.Length));
        writer.Advance(written);
    }

    private void BeginChannel(string prefix, int database)
    {
        _channel.Reset(KeptBytesMax);
        Write(_channel, prefix);
        _channel.Advance(Numbers.writeInt64(_channel.Reserve(Numbers.Int64LengthMax), database));
        Write(_channel, "__:");
    }

    private bool Selects(EventClass eventClass) => (_selection.Classes & ClassOf(eventClass)) != 0;

    private static KeyEventClasses ClassOf(EventClass eventClass) => eventClass switch
    {
        EventClass.Generic => KeyEventClasses.Generic,
        EventClass.String => KeyEventClasses.String,
        EventClass.Hash => KeyEventClasses.Hash,
        EventClass.Expired => KeyEventClasses.Expired,
        EventClass.List => KeyEventClasses.List,
        EventClass.Set => KeyEventClasses.Set,
        EventClass.SortedSet => KeyEventClasses.SortedSet,
        EventClass.Stream => KeyEventClasses.Stream,
        EventClass.KeyMiss => KeyEventClasses.KeyMiss,
        EventClass.New => KeyEventClasses.New,
        EventClass.Evicted => KeyEventClasses.Evicted,
        _ => KeyEventClasses.None,
    };
}
