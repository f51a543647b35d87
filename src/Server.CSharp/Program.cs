using RedisClone.Server.Configuration;
using RedisClone.Server.Hosting;

// The program only puts together what the folders offer.
var verbs = new Verbs
{
    Docs = [(ConfigurationDocs.FileName, ConfigurationDocs.Write)],
};

return await verbs.RunAsync(CommandLine.Parse(args), Console.Out, Console.Error);
