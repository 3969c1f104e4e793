using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using YamlDotNet.Serialization;

// Arguments: the module's manifest, and a script to run after the foreign versions are loaded and used.
string yaml = new SerializerBuilder().Build().Serialize(new { loaded = "first" });
int bytes = new StringValue { Value = yaml }
    .ToByteArray()
    .Length;
Console.WriteLine($"foreign YamlDotNet {typeof(ISerializer).Assembly.GetName().Version} ({bytes} bytes)");
Console.WriteLine($"foreign Google.Protobuf {typeof(IMessage).Assembly.GetName().Version}");

using Runspace runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
runspace.Open();
using var shell = PowerShell.Create(runspace);
shell
    .AddScript(
        "param($manifest, $script) $ErrorActionPreference = 'Stop'; Import-Module $manifest; & ([scriptblock]::Create($script))"
    )
    .AddParameter("manifest", args[0])
    .AddParameter("script", args[1]);
try
{
    foreach (PSObject value in shell.Invoke())
        Console.WriteLine(value);
}
catch (RuntimeException exception)
{
    Console.Error.WriteLine(exception.ErrorRecord.Exception);
    return 1;
}

return 0;
