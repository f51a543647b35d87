module RedisClone.Protocol.Tests.NumbersTests

open Xunit
open RedisClone.Protocol

[<Fact>]
let ``the library loads`` () =
    Assert.Equal(3, Bytes.ofString("abc").Length)
