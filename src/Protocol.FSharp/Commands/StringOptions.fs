namespace RedisClone.Protocol

open System
open System.Runtime.CompilerServices

/// When SET and its kin store a value.
type Condition =
    | Always = 0
    | IfMissing = 1
    | IfExists = 2
    | IfEqual = 3

/// The options that a command knows besides EX, PX, EXAT and PXAT.
[<Flags>]
type StringOptionNames =
    | None = 0
    /// NX and XX.
    | Existence = 1
    /// IFEQ and the value to compare with.
    | Comparison = 2
    /// GET.
    | OldValue = 4
    | KeepTtl = 8
    | Persist = 16

/// The options of SET, GETEX and MSETEX, in any order.
[<Struct; IsByRefLike; NoEquality; NoComparison>]
type StringOptions =
    val mutable Condition: Condition
    /// What IFEQ compares with.
    val mutable Comparison: ReadOnlySpan<byte>
    val mutable ReturnsOld: bool
    val mutable KeepsTtl: bool
    val mutable Persists: bool
    val mutable HasTime: bool
    val mutable Unit: TimeUnit
    /// As it was given, in `Unit`, if `HasTime`.
    val mutable Time: ReadOnlySpan<byte>

[<RequireQualifiedAccess>]
module StringOptions =
    let inline private knows (names: StringOptionNames) (name: StringOptionNames) =
        names &&& name <> StringOptionNames.None

    /// Takes NX or XX. Where a condition was given before, only the same one may follow.
    let private takeExistence (call: Call) (options: byref<StringOptions>) (word: string) (condition: Condition) =
        let taken =
            (options.Condition = Condition.Always || options.Condition = condition)
            && call.TakeWord word

        if taken then
            options.Condition <- condition

        taken

    let private takeComparison (call: Call) (options: byref<StringOptions>) =
        let taken =
            options.Condition = Condition.Always
            && call.Remaining > 1
            && call.TakeWord "IFEQ"

        if taken then
            options.Condition <- Condition.IfEqual
            options.Comparison <- call.Take()

        taken

    /// KEEPTTL, PERSIST and the times exclude each other.
    let private takeExpiry (call: Call) (names: StringOptionNames) (options: byref<StringOptions>) =
        if
            knows names StringOptionNames.KeepTtl
            && not options.HasTime
            && call.TakeWord "KEEPTTL"
        then
            options.KeepsTtl <- true
            true
        elif
            knows names StringOptionNames.Persist
            && not options.HasTime
            && call.TakeWord "PERSIST"
        then
            options.Persists <- true
            true
        elif
            not options.KeepsTtl
            && not options.Persists
            && call.Remaining > 1
            && Deadlines.takeUnit call options.HasTime &options.Unit
        then
            options.HasTime <- true
            options.Time <- call.Take()
            true
        else
            false

    let private takeOne (call: Call) (names: StringOptionNames) (options: byref<StringOptions>) =
        if knows names StringOptionNames.OldValue && call.TakeWord "GET" then
            options.ReturnsOld <- true
            true
        else
            (knows names StringOptionNames.Existence
             && (takeExistence call &options "NX" Condition.IfMissing
                 || takeExistence call &options "XX" Condition.IfExists))
            || (knows names StringOptionNames.Comparison && takeComparison call &options)
            || takeExpiry call names &options

    /// Takes all arguments that are left; false, with the error written, if one does not fit.
    let take (call: Call) (names: StringOptionNames) (options: byref<StringOptions>) : bool =
        let mutable valid = true

        while valid && call.Remaining > 0 do
            valid <- takeOne call names &options

        if not valid then
            call.Reply.Error Errors.syntax

        valid

    /// The deadline that the options mean, if any; false, with the error written, if there is no such time.
    let deadline (call: Call) (command: string) (options: byref<StringOptions>) (deadline: byref<int64>) : bool =
        deadline <- Page.NoDeadline

        not options.HasTime
        || Deadlines.ofOption call options.Unit options.Time command &deadline
