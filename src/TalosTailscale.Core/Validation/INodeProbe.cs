using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Validation;

/// <summary>
/// What the checks need to know of one node. Each thing is asked for once, when the first check wants it, and an error
/// comes again to whoever asks again.
/// </summary>
internal interface INodeProbe
{
    /// <summary>The node.</summary>
    TsNode Node { get; }

    /// <summary>When the client certificate ends; null without one.</summary>
    DateTimeOffset? ClientCertificateEnds { get; }

    Task<TalosVersion> VersionAsync();

    /// <summary>
    /// The address that the rest of the cluster knows for the node, when it is another than the inventory's; else null.
    /// </summary>
    Task<string?> MovedToAsync();

    Task<TalosMachineStatus> MachineStatusAsync();

    Task<IReadOnlyList<TalosExtension>> ExtensionsAsync();

    /// <summary>
    /// The environment of ExtensionServiceConfig/tailscale in a machine config; null when there is no such document.
    /// </summary>
    /// <param name="persistent">True for the one on disk, false for the active one.</param>
    Task<IReadOnlyList<string>?> ServiceEnvironmentAsync(bool persistent);

    /// <summary>The extension's service now, not remembered; null when the node has none.</summary>
    Task<TalosService?> ServiceNowAsync();

    Task<TsDiagnosis> LogAsync();

    /// <summary>The node's addresses with prefix lengths, now and not remembered.</summary>
    Task<IReadOnlyList<string>> AddressesNowAsync();

    /// <summary>What of the node's addresses is the tailnet's, now and not remembered.</summary>
    Task<TailnetAddresses> TailnetAddressesNowAsync();

    Task<IReadOnlyList<string>> DnsServersAsync();

    Task<IReadOnlyList<string>> KubeletAddressesAsync();

    Task<IReadOnlyList<string>> EtcdAddressesAsync();

    Task<string?> NodenameAsync();

    /// <summary>The names of the node's network links.</summary>
    Task<IReadOnlyList<string>> LinksAsync();

    /// <summary>The node's routes in all tables: where to, and through which link.</summary>
    Task<IReadOnlyList<(string Destination, string Link)>> RoutesAsync();

    Task<string> KernelCommandLineAsync();

    Task<TalosSecurityState> SecurityStateAsync();

    Task<string?> BootedEntryAsync();

    /// <summary>When the running boot began.</summary>
    Task<DateTimeOffset> BootTimeAsync();

    /// <summary>The EFI system partition; null when there is no way to it.</summary>
    Task<EspInfo?> EspAsync();

    /// <summary>The kernel's messages on writing EFI variables that failed.</summary>
    Task<IReadOnlyList<string>> EfivarsErrorsAsync();

    Task<TalosImagePull> PullAsync(string reference);

    /// <summary>Waits a little before something is looked at again.</summary>
    Task PauseAsync(TimeSpan time);
}
