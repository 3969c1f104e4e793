using System.Management.Automation;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Commands;

/// <summary>Removes devices from the tailnet, such as the record of a node that was installed anew.</summary>
[Cmdlet(
    VerbsCommon.Remove,
    "TailnetDevice",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High,
    DefaultParameterSetName = "Name"
)]
[OutputType(typeof(TailnetDevice))]
public sealed class RemoveTailnetDeviceCommand : TailnetApiCmdlet
{
    private TailnetClient? _client;

    /// <summary>The full name of the device, or its id. No wildcards.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ParameterSetName = "Name",
        HelpMessage = "The full name of the device (ampone.example.ts.net) or its id."
    )]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Devices of Get-TailnetDevice.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        ParameterSetName = "Device",
        HelpMessage = "A device of Get-TailnetDevice."
    )]
    [ValidateNotNull]
    public TailnetDevice[] InputObject { get; set; } = [];

    /// <summary>Removes a device although it is online.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes an object for each device that was removed.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _client = ConnectApi();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var device in InputObject)
            await RemoveAsync(device, cancellationToken);
        if (Name.Length == 0)
            return;
        var devices = await _client!.DevicesAsync(cancellationToken);
        foreach (var name in Name)
        {
            var found = devices
                .Where(device => Same(device.Name, name) || Same(device.DnsName, name) || Same(device.Id, name))
                .ToArray();
            if (found.Length == 1)
                await RemoveAsync(found[0], cancellationToken);
            else
                await WriteErrorAsync(
                    TailnetErrors.TailnetDeviceNotFound.New(
                        $"{found.Length} of the tailnet's {devices.Count} devices are called '{name}'; one was expected.",
                        name
                    )
                );
        }
    }

    private async Task RemoveAsync(TailnetDevice device, CancellationToken cancellationToken)
    {
        var target = $"{device.Name} ({string.Join(", ", device.Addresses)})";
        if (!await ShouldProcessAsync(target, "Remove the device from the tailnet"))
            return;
        if (
            device.Online == true
            && !Force
            && !await ShouldContinueAsync(
                $"'{device.Name}' is online and loses its connection. Remove it all the same?",
                "Remove an online device"
            )
        )
            return;
        await _client!.RemoveDeviceAsync(device.Id, cancellationToken);
        if (PassThru)
            await WriteObjectAsync(device);
    }

    private static bool Same(string left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _client?.Dispose();
        base.Dispose(disposing);
    }
}
