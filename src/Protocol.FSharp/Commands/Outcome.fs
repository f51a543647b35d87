namespace RedisClone.Protocol

open System

/// What a command's handler tells about the log. The reply it has written already.
type Outcome =
    /// Nothing changed.
    | Unchanged = 0
    /// The command is logged as it was received: replaying it gives the same state.
    | AsReceived = 1
    /// The handler wrote to the journal what must be replayed in the command's place.
    | Rewritten = 2

/// How a look-up of a key of one type ended.
type Lookup =
    | Missing = 0
    | Found = 1
    /// The key has another type; the error is written.
    | WrongType = 2

/// The classes that keyspace events are selected by.
[<Flags>]
type EventClass =
    /// For who watches a key only: nobody is notified.
    | None = 0
    | Generic = 1
    | String = 2
    | Hash = 4
    | Expired = 8
    | List = 16
    | Set = 32
    | SortedSet = 64
    | Stream = 128
    /// Keys that were looked for and not there. No change, as the next.
    | KeyMiss = 256
    /// Keys that were made.
    | New = 512
    /// Keys that made room for others.
    | Evicted = 1024

/// Something that happened to a key; `Key` is null when it happened to a whole database.
[<Struct>]
type KeyEvent =
    {
        Database: int
        Class: EventClass
        Name: string
        Key: byte[]
        /// Whether it counts as a change for those who watch the key.
        IsChange: bool
    }

/// What a command waits for that could not be carried out yet: that one of the keys gets what it needs. When the time
/// is up, the client is answered with a null array.
[<Sealed; AllowNullLiteral>]
type Wait(database: int, keys: byte[][], deadline: int64) =
    member _.Database = database

    /// In the order of the arguments.
    member _.Keys = keys

    /// The millisecond at which the wait is over; Int64.MaxValue if it never is.
    member _.Deadline = deadline

    /// What the command is to be evaluated with from then on; null for its arguments as they were received.
    member val Arguments: Arguments = null with get, set
