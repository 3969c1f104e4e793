namespace TalosTailscale.Core.Talos;

/// <summary>What can go wrong between this module and the Talos API.</summary>
public static class TalosErrors
{
    // talosconfig

    /// <summary>No talosconfig in any of the places where one is looked for.</summary>
    public static readonly TsError TalosConfigNotFound = new(
        "TalosConfigNotFound",
        TsErrorCategory.ObjectNotFound,
        "There is no talosconfig where one was looked for.",
        "Give the file with -TalosConfig or set $env:TALOSCONFIG."
    );

    /// <summary>The talosconfig is not the YAML that it should be.</summary>
    public static readonly TsError TalosConfigInvalid = new(
        "TalosConfigInvalid",
        TsErrorCategory.ParserError,
        "A talosconfig is not YAML, or a value in it has the wrong form.",
        "Compare the file with one that 'talosctl gen config' or 'talosctl config new' wrote."
    );

    /// <summary>The named context is not in the talosconfig, or none is current.</summary>
    public static readonly TsError TalosContextNotFound = new(
        "TalosContextNotFound",
        TsErrorCategory.ObjectNotFound,
        "The context is not in the talosconfig, or the talosconfig has no current context.",
        "Give one of the contexts that the file has with -Context."
    );

    /// <summary>The context logs in by a way that this module does not have.</summary>
    public static readonly TsError TalosLoginUnsupported = new(
        "TalosLoginUnsupported",
        TsErrorCategory.NotImplemented,
        "The context of the talosconfig logs in through Omni.",
        "Use a talosconfig that reaches the nodes themselves, with a certificate: 'omnictl talosconfig --break-glass' writes one where the account may have it."
    );

    /// <summary>A <c>ca</c>, <c>crt</c> or <c>key</c> is not base64 of PEM text, or not of a kind that is known.</summary>
    public static readonly TsError TalosCredentialInvalid = new(
        "TalosCredentialInvalid",
        TsErrorCategory.InvalidData,
        "A certificate or key of the talosconfig is not base64 of a PEM block that can be read.",
        "Take the context again from the person or tool that issued it; a value may have been cut when it was copied."
    );

    /// <summary>The private key of a context does not belong to its certificate.</summary>
    public static readonly TsError TalosCredentialMismatch = new(
        "TalosCredentialMismatch",
        TsErrorCategory.InvalidData,
        "The 'key' of a context does not belong to its 'crt'.",
        "Take 'crt' and 'key' from the same issue of the talosconfig."
    );

    /// <summary>The client certificate is past its end.</summary>
    public static readonly TsError TalosClientCertificateExpired = new(
        "TalosClientCertificateExpired",
        TsErrorCategory.AuthenticationError,
        "The client certificate of the talosconfig has expired.",
        "Issue a new one with a working admin talosconfig ('talosctl config new'), or from the cluster's secrets "
            + "('talosctl gen config --with-secrets')."
    );

    /// <summary>The client certificate is not valid yet: as a rule a clock is wrong.</summary>
    public static readonly TsError TalosClientCertificateNotYetValid = new(
        "TalosClientCertificateNotYetValid",
        TsErrorCategory.AuthenticationError,
        "The client certificate of the talosconfig is not valid yet.",
        "Check the clock of this machine and of the one that issued the certificate."
    );

    /// <summary>Neither the context nor the command line names an endpoint.</summary>
    public static readonly TsError TalosEndpointMissing = new(
        "TalosEndpointMissing",
        TsErrorCategory.InvalidArgument,
        "The context has no endpoints and none was given.",
        "Give a control plane node with -Endpoint or add 'endpoints' to the context."
    );

    /// <summary>An endpoint is not an address, host name or https URL.</summary>
    public static readonly TsError TalosEndpointInvalid = new(
        "TalosEndpointInvalid",
        TsErrorCategory.InvalidArgument,
        "An endpoint is not a host, host:port or https URL.",
        "Write it as 10.0.0.1, 10.0.0.1:50000, [fd00::1]:50000, name or https://name."
    );

    /// <summary>No node was named for a command that needs one.</summary>
    public static readonly TsError TalosNodeMissing = new(
        "TalosNodeMissing",
        TsErrorCategory.InvalidArgument,
        "No node was given: a change names its nodes, and for reading the context has no 'nodes'.",
        "Give the node with -Node or pipe it from Get-TsNode."
    );

    // Connection and TLS

    /// <summary>Nothing listens on the endpoint.</summary>
    public static readonly TsError TalosConnectionRefused = new(
        "TalosConnectionRefused",
        TsErrorCategory.ConnectionError,
        "The endpoint refused the connection: no Talos API listens there.",
        "Check the address and port (50000); a node that boots refuses connections until apid runs."
    );

    /// <summary>The name of the endpoint has no address.</summary>
    public static readonly TsError TalosEndpointNotResolved = new(
        "TalosEndpointNotResolved",
        TsErrorCategory.ConnectionError,
        "The host name of the endpoint cannot be resolved.",
        "Check the name, or use the address."
    );

    /// <summary>No answer to the attempt to connect, or no route.</summary>
    public static readonly TsError TalosConnectionFailed = new(
        "TalosConnectionFailed",
        TsErrorCategory.ConnectionError,
        "No connection to the endpoint could be made.",
        "Check that this machine reaches the endpoint's network (VPN, tailnet, firewall)."
    );

    /// <summary>A connection broke in the middle of a call.</summary>
    public static readonly TsError TalosConnectionLost = new(
        "TalosConnectionLost",
        TsErrorCategory.ConnectionError,
        "The connection broke before the call had its answer.",
        "The node may be rebooting: Wait-TalosNode tells when it is back. Check what the call has done before repeating it."
    );

    /// <summary>The server's certificate does not lead to the CA of the talosconfig.</summary>
    public static readonly TsError TalosServerNotTrusted = new(
        "TalosServerNotTrusted",
        TsErrorCategory.SecurityError,
        "The server's certificate was not issued by the CA of the talosconfig.",
        "Check that the context belongs to this cluster; if the cluster's CA was rotated, get a new talosconfig."
    );

    /// <summary>The server's certificate is past its end or not yet valid.</summary>
    public static readonly TsError TalosServerCertificateExpired = new(
        "TalosServerCertificateExpired",
        TsErrorCategory.SecurityError,
        "The server's certificate is not valid at this time.",
        "Check the clocks of this machine and of the node; Talos renews its certificates by itself while the time is right."
    );

    /// <summary>The server's certificate does not hold the name or address that was dialled.</summary>
    public static readonly TsError TalosServerNameMismatch = new(
        "TalosServerNameMismatch",
        TsErrorCategory.SecurityError,
        "The server's certificate does not name the address that was dialled.",
        "Has the node's address changed? Dial one of the names that the certificate holds, or add the address to "
            + "machine.certSANs."
    );

    /// <summary>The server's certificate breaks a rule: usage, basic constraints, signature.</summary>
    public static readonly TsError TalosServerCertificateInvalid = new(
        "TalosServerCertificateInvalid",
        TsErrorCategory.SecurityError,
        "The server's certificate may not be used by a server, or its chain is malformed.",
        "Check what listens at the endpoint: this is not how Talos issues certificates."
    );

    /// <summary>The server refused the client certificate.</summary>
    public static readonly TsError TalosClientCertificateRejected = new(
        "TalosClientCertificateRejected",
        TsErrorCategory.AuthenticationError,
        "The node refused the client certificate.",
        "The certificate must come from this cluster's CA and be for client authentication: get a talosconfig of this cluster."
    );

    /// <summary>The handshake failed for another reason; as a rule it is not TLS that answers.</summary>
    public static readonly TsError TalosTlsFailed = new(
        "TalosTlsFailed",
        TsErrorCategory.ProtocolError,
        "The TLS handshake with the endpoint failed.",
        "Check that the port is that of the Talos API (50000), not of Kubernetes (6443) or a proxy in between."
    );

    /// <summary>The server closed the connection because of keepalive pings.</summary>
    public static readonly TsError TalosTooManyPings = new(
        "TalosTooManyPings",
        TsErrorCategory.ConnectionError,
        "The endpoint closed the connection with ENHANCE_YOUR_CALM (too_many_pings).",
        "This module sends no keepalive pings: look for a proxy between here and the node, and dial the node directly."
    );

    // Answers

    /// <summary>The certificate's role does not allow the call.</summary>
    public static readonly TsError TalosRoleMissing = new(
        "TalosRoleMissing",
        TsErrorCategory.PermissionDenied,
        "The roles of the client certificate do not allow the call.",
        "Use a talosconfig with the role that the message names."
    );

    /// <summary>A worker was asked to forward to another node.</summary>
    public static readonly TsError TalosNoForwarding = new(
        "TalosNoForwarding",
        TsErrorCategory.PermissionDenied,
        "The endpoint is a worker, and workers do not forward calls to other nodes.",
        "Give a control plane node with -Endpoint, or the node itself."
    );

    /// <summary>The thing that the call names is not on the node.</summary>
    public static readonly TsError TalosNotFound = new(
        "TalosNotFound",
        TsErrorCategory.ObjectNotFound,
        "The node does not have the resource, file, member or image that was named.",
        "Check the spelling: types, ids, image names and tags are taken letter for letter."
    );

    /// <summary>The node does not know the resource type or namespace.</summary>
    public static readonly TsError TalosResourceTypeUnknown = new(
        "TalosResourceTypeUnknown",
        TsErrorCategory.ObjectNotFound,
        "The node does not know the resource type or the namespace.",
        "List the types with Get-TalosResource ResourceDefinitions.meta.cosi.dev; some came only with later versions."
    );

    /// <summary>The call needs a control plane node.</summary>
    public static readonly TsError TalosNotControlPlane = new(
        "TalosNotControlPlane",
        TsErrorCategory.InvalidOperation,
        "The call is only available on control plane nodes.",
        "Name a control plane node."
    );

    /// <summary>The machine does not say whether it is a control plane or a worker.</summary>
    public static readonly TsError TalosMachineTypeUnknown = new(
        "TalosMachineTypeUnknown",
        TsErrorCategory.InvalidOperation,
        "The machine does not say whether it is a control plane or a worker.",
        "A machine without a configuration (maintenance mode) has no type yet: apply its machine configuration first."
    );

    /// <summary>The Talos version of the node does not have the call.</summary>
    public static readonly TsError TalosUnimplemented = new(
        "TalosUnimplemented",
        TsErrorCategory.NotImplemented,
        "The node's Talos version does not have the call.",
        "Check the version of the node."
    );

    /// <summary>No answer before the deadline.</summary>
    public static readonly TsError TalosTimeout = new(
        "TalosTimeout",
        TsErrorCategory.OperationTimeout,
        "The node did not answer in time.",
        "Check that the node is up and reachable from the endpoint."
    );

    /// <summary>A container that the node runs hangs.</summary>
    public static readonly TsError TalosContainerStalled = new(
        "TalosContainerStalled",
        TsErrorCategory.OperationTimeout,
        "A container that Talos runs neither took nor gave a byte for minutes.",
        "Look at the node's disk (Get-TalosLog NODE -Id kernel), then run the cmdlet again: it goes on with what was staged."
    );

    /// <summary>The node refused what was sent.</summary>
    public static readonly TsError TalosInvalidRequest = new(
        "TalosInvalidRequest",
        TsErrorCategory.InvalidData,
        "The node refused the content of the request.",
        "Correct what the message names and try again."
    );

    /// <summary>A change of the configuration takes effect by a restart only.</summary>
    public static readonly TsError TalosChangeNeedsReboot = new(
        "TalosChangeNeedsReboot",
        TsErrorCategory.InvalidOperation,
        "The change of the machine configuration needs a restart of the node, and was asked for without one.",
        "Use -Mode Staged and then Restart-TalosNode, which all versions of Talos have; before Talos 1.14 -Mode Reboot does both at once."
    );

    /// <summary>The node is in a state in which it does not do this, or is at it already.</summary>
    public static readonly TsError TalosBusy = new(
        "TalosBusy",
        TsErrorCategory.ResourceBusy,
        "The node is not in a state in which the call is possible.",
        "Wait until the node is running and ready (Wait-TalosNode) and no other change is under way."
    );

    /// <summary>The endpoint is up but the node behind it is not to be reached.</summary>
    public static readonly TsError TalosNodeUnavailable = new(
        "TalosNodeUnavailable",
        TsErrorCategory.ConnectionError,
        "The endpoint cannot reach the node.",
        "Check that the node is up; after a reboot Wait-TalosNode tells when it is back."
    );

    /// <summary>A message is larger than Talos's limit.</summary>
    public static readonly TsError TalosMessageTooLarge = new(
        "TalosMessageTooLarge",
        TsErrorCategory.InvalidData,
        "A message is larger than the 32 MiB that the Talos API takes.",
        "Ask for less at a time."
    );

    /// <summary>The node reported an error of its own.</summary>
    public static readonly TsError TalosCallFailed = new(
        "TalosCallFailed",
        TsErrorCategory.InvalidOperation,
        "The node reported an error.",
        "The message is the node's own; its log (Get-TalosLog machined) says more."
    );

    /// <summary>An answer that the protocol does not allow.</summary>
    public static readonly TsError TalosProtocolViolation = new(
        "TalosProtocolViolation",
        TsErrorCategory.ProtocolError,
        "An answer does not follow the protocol.",
        "Check what listens at the endpoint and that its Talos version is 1.9 or later."
    );

    // What this module decides

    /// <summary>The installer of an upgrade did not end well.</summary>
    public static readonly TsError TalosUpgradeFailed = new(
        "TalosUpgradeFailed",
        TsErrorCategory.InvalidOperation,
        "The installer that the node ran for an upgrade failed.",
        "The node still runs what it ran. If the bootloader step failed on an ARM board, use Invoke-UkiSwap instead."
    );

    /// <summary>A node did not become ready in time.</summary>
    public static readonly TsError TalosWaitTimeout = new(
        "TalosWaitTimeout",
        TsErrorCategory.OperationTimeout,
        "A node was not running and ready in the time given.",
        "Look at the node's console or its management controller. If the boot menu or a halt message shows after a UKI swap, "
            + "put the backup back from the UEFI shell (Restore-Uki prints the names)."
    );

    /// <summary>A node came back at another address, or another machine has its address.</summary>
    public static readonly TsError TalosNodeMoved = new(
        "TalosNodeMoved",
        TsErrorCategory.InvalidOperation,
        "A node came back at another address, or another machine answers at its address.",
        "Update-TalosNodeAddress repairs what still names the old address."
    );

    /// <summary>A node does not run the extension that was named.</summary>
    public static readonly TsError TalosExtensionNotFound = new(
        "TalosExtensionNotFound",
        TsErrorCategory.ObjectNotFound,
        "The boot image that a node runs does not have the extension.",
        "Activate it with Invoke-UkiSwap or Update-TalosNode; machine.install.extensions has no effect since Talos 1.10."
    );

    /// <summary>A node does not have the service that was named.</summary>
    public static readonly TsError TalosServiceNotFound = new(
        "TalosServiceNotFound",
        TsErrorCategory.ObjectNotFound,
        "A node does not have the service.",
        "List the services with Get-TalosService; an extension's service is there only if the booted image has the extension."
    );

    /// <summary>A node cannot pull an image, and its log says why.</summary>
    public static readonly TsError TalosImagePullFailed = new(
        "TalosImagePullFailed",
        TsErrorCategory.ResourceUnavailable,
        "A node cannot pull a container image.",
        "The message has the node's own reason; look at the registry, and at the node's resolvers and routes (Test-TsNode)."
    );

    /// <summary>A service of the node has written no log yet.</summary>
    public static readonly TsError TalosServiceNotStarted = new(
        "TalosServiceNotStarted",
        TsErrorCategory.ResourceUnavailable,
        "A service has no log, since it has not been started: it waits for something.",
        "Look at Get-TalosService for what it waits for; ext-tailscale waits for its ExtensionServiceConfig (New-TsExtensionServiceConfig, Set-TalosMachinePatch)."
    );

    /// <summary>Too few etcd members would be left.</summary>
    public static readonly TsError EtcdQuorumAtRisk = new(
        "EtcdQuorumAtRisk",
        TsErrorCategory.SecurityError,
        "Etcd would lose its quorum, and the cluster with it.",
        "Bring the other control plane nodes back to health first (Get-TalosEtcdMember)."
    );

    /// <summary>The only voting member of etcd, whose restart nobody agreed to.</summary>
    public static readonly TsError OnlyControlPlane = new(
        "OnlyControlPlane",
        TsErrorCategory.SecurityError,
        "The node is the only voting member of etcd, and nobody agreed to its restart.",
        "Run the command again: it asks about the node, or goes on without a question with -Force."
    );

    /// <summary>An installer image would take an extension away from a node.</summary>
    public static readonly TsError InstallerLosesExtension = new(
        "InstallerLosesExtension",
        TsErrorCategory.SecurityError,
        "The installer image of an upgrade does not have an extension that the node runs.",
        "Use the Image Factory's installer of a schematic that has the extension, or -AllowExtensionLoss to lose it."
    );

    /// <summary>The node came back with another image than the one that was installed.</summary>
    public static readonly TsError UpgradeNotRunning = new(
        "UpgradeNotRunning",
        TsErrorCategory.InvalidOperation,
        "The node came back from the upgrade and does not run the image that it was given.",
        "Get-TalosEsp shows what the node boots and why. A ~N file of the running version that does not boot next is taken with 'Invoke-UkiSwap -Promote -Reboot -Wait'."
    );

    /// <summary>A resource holds secrets and was asked for without meaning to see them.</summary>
    public static readonly TsError TalosResourceSensitive = new(
        "TalosResourceSensitive",
        TsErrorCategory.SecurityError,
        "The resource type holds secrets.",
        "Use -Force to see it all the same, or Get-TalosMachineConfig for machine configurations."
    );

    /// <summary>The node's own member is not in the list of members.</summary>
    public static readonly TsError EtcdMemberUnknown = new(
        "EtcdMemberUnknown",
        TsErrorCategory.SecurityError,
        "The node is not among the members of its etcd, so that nobody can say what its restart would cost.",
        "Compare with Get-TalosEtcdMember: a member that was removed joins anew when its node is reset. "
            + "-Force, or -SkipGate Quorum of a swap, restarts it all the same."
    );

    /// <summary>An etcd member that is to be removed is alive.</summary>
    public static readonly TsError EtcdMemberAlive = new(
        "EtcdMemberAlive",
        TsErrorCategory.InvalidOperation,
        "The etcd member that is to be removed answers: only dead members are removed.",
        "Check the id with Get-TalosEtcdMember; a live node leaves etcd by being reset."
    );

    /// <summary>Whether an etcd member that is to be removed is dead is not known.</summary>
    public static readonly TsError EtcdMemberMayLive = new(
        "EtcdMemberMayLive",
        TsErrorCategory.SecurityError,
        "The etcd member that is to be removed may live: a machine that could be it does not say which member it is.",
        "Get the machine to answer, or make sure that it is switched off for good: 'Remove-TalosEtcdMember -Force' then removes "
            + "the member."
    );
}
