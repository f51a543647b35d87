using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace RedisClone.Server.Tests.Scripts;

public sealed class ReplyTextTests
{
    private static readonly ReplyKind[] Texts =
        [ReplyKind.SimpleString, ReplyKind.Error, ReplyKind.BulkString, ReplyKind.Verbatim, ReplyKind.BlobError];

    private static readonly ReplyKind[] Nulls = [ReplyKind.NilBulkString, ReplyKind.NilArray, ReplyKind.Null];

    private static readonly ReplyKind[] Numbers = [ReplyKind.Integer, ReplyKind.Double, ReplyKind.BigNumber];

    private static readonly ReplyKind[] Aggregates = [ReplyKind.Array, ReplyKind.Set, ReplyKind.Push, ReplyKind.Map];

    private static readonly string[] Tricky =
    [
        "", " ", "OK", "a => b", "1) x", "(nil)", "\"", "\\", "\n", "x ", "(error) x", "\\x00", "#", "ends =>", "\xff",
    ];

    private static Gen<string> Text => Gen.OneOf(
        Gen.Elements(Tricky),
        Gen.Choose(0, 255).Select(value => (char)value).ArrayOf().Select(bytes => new string(bytes)));

    private static Gen<ReplyValue> Key => Gen.OneOf(
        Text.Select(ReplyValue.Bulk),
        Text.Select(text => ReplyValue.Scalar(ReplyKind.SimpleString, text)),
        Gen.Choose(-9, 9).Select(number => ReplyValue.Scalar(ReplyKind.Integer, $"{number}")));

    private static Gen<ReplyValue> Scalar => Gen.OneOf(
        Gen.Elements(Texts).SelectMany(kind => Text.Select(text => ReplyValue.Scalar(kind, text))),
        Gen.Elements(Numbers).SelectMany(kind => Gen.Choose(-9, 9).Select(n => ReplyValue.Scalar(kind, $"{n}"))),
        Gen.Elements("t", "f").Select(text => ReplyValue.Scalar(ReplyKind.Boolean, text)),
        Gen.Elements(Nulls).Select(kind => ReplyValue.Scalar(kind, "")));

    private static Gen<ReplyValue> Reply(int depth) => depth == 0
        ? Scalar
        : Gen.Frequency((1, Scalar), (2, Gen.Elements(Aggregates).SelectMany(kind => Aggregate(kind, depth))));

    private static Gen<ReplyValue> Aggregate(ReplyKind kind, int depth) =>
        Items(kind, depth).Select(items => ReplyValue.Aggregate(kind, items));

    private static Gen<ReplyValue[]> Items(ReplyKind kind, int depth)
    {
        Gen<ReplyValue> item = Reply(depth - 1);
        Gen<ReplyValue[]> entry = kind == ReplyKind.Map
            ? Key.SelectMany(key => item.Select(value => new[] { key, value }))
            : item.Select(value => new[] { value });
        return Gen.Choose(0, 12)
            .SelectMany(count => entry.ArrayOf(count))
            .Select(entries => entries.SelectMany(e => e).ToArray());
    }

    [RepeatableProperty(MaxTest = 500)]
    public Property Reading_what_was_rendered_gives_the_same_reply() => Prop.ForAll(
        Reply(depth: 3).ToArbitrary(),
        reply => ReplyText.Parse(ReplyText.Render(reply)).Equals(reply));

    [RepeatableProperty(MaxTest = 500)]
    public Property Splitting_what_was_joined_gives_the_same_arguments() => Prop.ForAll(
        Text.ArrayOf().ToArbitrary(),
        arguments => Quoting.Split(Quoting.Join(arguments)).SequenceEqual(arguments));

    [Theory]
    [InlineData("1) \"a\"\n3) \"b\"")]
    [InlineData("1) \"a\"\n   \"b\"")]
    [InlineData("\"a\" x")]
    [InlineData("\"a")]
    [InlineData("1# \"a\" \"b\"")]
    [InlineData("1# \"a\" =>")]
    [InlineData("(nothing) 1")]
    [InlineData("1)")]
    [InlineData("")]
    public void Text_that_is_no_reply_is_refused(string text) =>
        Assert.Throws<FormatException>(() => ReplyText.Parse(text));
}
