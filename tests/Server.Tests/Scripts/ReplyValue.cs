namespace RedisClone.Server.Tests.Scripts;

/// <summary>What a reply is on the wire, RESP2 and RESP3 together.</summary>
public enum ReplyKind
{
    SimpleString,
    Error,
    Integer,
    BulkString,
    NilBulkString,
    Array,
    NilArray,
    Null,
    Double,
    Boolean,
    BigNumber,
    Verbatim,
    BlobError,
    Map,
    Set,
    Push,
}

/// <summary>
/// One reply. Byte strings are kept as strings of the characters 0 to 255, one per byte, so that tests can compare,
/// print and write them as text without losing a byte.
/// </summary>
/// <param name="Kind">What it is on the wire.</param>
/// <param name="Text">The payload of what is not an aggregate; a verbatim string keeps its <c>txt:</c>.</param>
/// <param name="Items">The elements of an aggregate; a map has key, value, key, value.</param>
public sealed record ReplyValue(ReplyKind Kind, string Text, IReadOnlyList<ReplyValue> Items)
{
    public static ReplyValue Scalar(ReplyKind kind, string text) => new(kind, text, []);

    public static ReplyValue Aggregate(ReplyKind kind, IReadOnlyList<ReplyValue> items) => new(kind, "", items);

    public static ReplyValue Bulk(string text) => Scalar(ReplyKind.BulkString, text);

    public bool IsAggregate => Kind is ReplyKind.Array or ReplyKind.Map or ReplyKind.Set or ReplyKind.Push;

    public bool IsError => Kind is ReplyKind.Error or ReplyKind.BlobError;

    public bool Equals(ReplyValue? other) =>
        other is not null && Kind == other.Kind && Text == other.Text && Items.SequenceEqual(other.Items);

    public override int GetHashCode() => HashCode.Combine(Kind, Text, Items.Count);

    /// <summary>The text that scripts use for this reply.</summary>
    public override string ToString() => ReplyText.Render(this);
}
