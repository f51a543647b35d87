namespace RedisClone.Protocol

open System
open System.Text

/// Byte strings. Redis strings are bytes without an encoding; names and options are ASCII, compared without case.
[<RequireQualifiedAccess>]
module Bytes =

    /// The bytes of a text, one byte for each character below U+0100 (Latin-1), so that any byte can be written as a literal.
    let ofString (text: string) : byte[] = Encoding.Latin1.GetBytes text

    /// The inverse of `ofString`: one character for each byte.
    let toString (bytes: ReadOnlySpan<byte>) : string = Encoding.Latin1.GetString bytes

    /// Whether the bytes are the given ASCII word, without case.
    let isWord (word: string) (bytes: ReadOnlySpan<byte>) : bool =
        bytes.Length = word.Length && Ascii.EqualsIgnoreCase(bytes, word.AsSpan())

    /// Orders byte strings as unsigned bytes from the left, a prefix before what it starts: less than, equal to or more
    /// than 0. This is the order of members of equal score, and of ZRANGEBYLEX.
    let compare (a: ReadOnlySpan<byte>, b: ReadOnlySpan<byte>) : int = a.SequenceCompareTo b

    /// An upper limit for any buffer: the longest array of bytes the runtime makes.
    let lengthMax = Array.MaxLength

    /// A capacity that holds `needed` bytes and leaves room, so that growing byte by byte costs constant time on average.
    let grownCapacity (current: int) (needed: int) : int =
        let doubled = min (int64 current * 2L) (int64 lengthMax)
        int (max doubled (int64 needed))
