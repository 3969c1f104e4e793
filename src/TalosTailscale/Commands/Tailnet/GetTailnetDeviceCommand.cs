using System.Management.Automation;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Commands;

/// <summary>
/// Gets the devices of the tailnet: by its API where there is a credential, else from the tailscaled on this machine, or
/// from the text of 'tailscale status --json'.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TailnetDevice", DefaultParameterSetName = "Query")]
[OutputType(typeof(TailnetDevice))]
public sealed class GetTailnetDeviceCommand : TailnetApiCmdlet
{
    private readonly List<string> _text = [];

    /// <summary>Names of devices; wildcards are understood. All when not given.</summary>
    [Parameter(Mandatory = false, Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The text of 'tailscale status --json', whole or line by line.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        ParameterSetName = "Text",
        HelpMessage = "What 'tailscale status --json' printed."
    )]
    [AllowEmptyString]
    public string[] StatusJson { get; set; } = [];

    /// <summary>Asks the tailscaled on this machine although there is a credential for the API.</summary>
    [Parameter(Mandatory = false, ParameterSetName = "Query")]
    public SwitchParameter Local { get; set; }

    /// <summary>The socket or pipe of tailscaled; else the one that TS_SOCKET names, else the platform's.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Socket { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        _text.AddRange(StatusJson);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        var devices = await DevicesAsync(cancellationToken);
        foreach (var name in Name)
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
            var found = devices
                .Where(device => pattern.IsMatch(device.Name) || pattern.IsMatch(device.DnsName))
                .ToArray();
            foreach (var device in found)
                await WriteObjectAsync(device);
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                await WriteErrorAsync(
                    TailnetErrors.TailnetDeviceNotFound.New(
                        $"None of the tailnet's {devices.Count} devices is called '{name}'.",
                        name
                    )
                );
        }
    }

    private async Task<IReadOnlyList<TailnetDevice>> DevicesAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == "Text")
            return TailscaleStatus.Parse(string.Join('\n', _text)).Devices;
        if (!Local && FindCredential() is { } credential)
        {
            using var client = ConnectApi(ApiUri, credential, Tailnet);
            Reporter.Verbose($"Asking the tailnet's API as {credential}.");
            return await client.DevicesAsync(cancellationToken);
        }

        var path = LocalTailscale.SocketPath(Socket);
        Reporter.Verbose($"Asking the tailscaled at '{path}'.");
        return (await LocalTailscale.StatusAsync(path, cancellationToken)).Devices;
    }
}
