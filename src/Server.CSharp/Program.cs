using RedisClone.Protocol.Interop;
using RedisClone.Server.Configuration;
using RedisClone.Server.Hosting;
using RedisClone.Server.Persistence;

// The program only puts together what the folders offer.
var verbs = new Verbs
{
    Check = LogCheck.Check,
    Repair = LogCheck.Repair,
    Docs = [(ConfigurationDocs.FileName, ConfigurationDocs.Write), ("commands.md", () => new CommandSet().Page())],
};

return await verbs.RunAsync(CommandLine.Parse(args), Console.Out, Console.Error);
