using System.Net;
using System.Net.Sockets;

namespace TalosTailscale.Core.Inventory;

/// <summary>How an address is written in a text.</summary>
public enum AddressForm
{
    /// <summary>As itself: <c>192.168.1.202</c>, <c>fd00::2</c>.</summary>
    Address,

    /// <summary>With dashes, as in host names made of it: <c>talos-192-168-1-202</c>. IPv4 only.</summary>
    Dashed,

    /// <summary>By the name that the node had.</summary>
    Name,
}

/// <summary>What to look for when a node moved, and what to put in its place.</summary>
public sealed record AddressForms
{
    /// <summary>Looks for an address, and the name that went with it.</summary>
    /// <param name="oldAddress">The address that is no longer true.</param>
    /// <param name="newAddress">The one that is.</param>
    /// <param name="oldName">The Kubernetes node's name before; null when not known.</param>
    /// <param name="newName">Its name now; null when not known.</param>
    /// <exception cref="ArgumentException">One of the addresses is not an IP address, or both are the same.</exception>
    public AddressForms(string oldAddress, string newAddress, string? oldName = null, string? newName = null)
    {
        OldAddress = Parse(oldAddress);
        NewAddress = Parse(newAddress);
        if (OldAddress.Equals(NewAddress))
            throw new ArgumentException($"The old and the new address are both '{OldAddress}'.", nameof(newAddress));
        OldName = oldName;
        NewName = newName;
        OldDashed = Dashes(OldAddress);
        NewDashed = Dashes(NewAddress);
    }

    /// <summary>The address to look for.</summary>
    public IPAddress OldAddress { get; }

    /// <summary>The address to put in its place.</summary>
    public IPAddress NewAddress { get; }

    /// <summary>The name before.</summary>
    public string? OldName { get; }

    /// <summary>The name now.</summary>
    public string? NewName { get; }

    /// <summary>The old address with dashes; null for IPv6.</summary>
    public string? OldDashed { get; }

    /// <summary>The new address with dashes; null for IPv6.</summary>
    public string? NewDashed { get; }

    /// <summary>
    /// True if the node's name follows its address: then whatever has the dashed form is wrong. A node that kept its name
    /// is still called so, and nothing that says it is wrong.
    /// </summary>
    public bool NameFollows =>
        OldDashed is not null
        && NewDashed is not null
        && NewName is not null
        && !NewName.Contains(OldDashed, StringComparison.OrdinalIgnoreCase)
        && NewName.Contains(NewDashed, StringComparison.OrdinalIgnoreCase);

    /// <summary>True if the node has another name that its address does not explain.</summary>
    public bool IsRenamed =>
        OldName is { Length: > 0 }
        && NewName is { Length: > 0 }
        && !NameFollows
        && !OldName.Equals(NewName, StringComparison.OrdinalIgnoreCase);

    /// <summary>What to put in the place of a match.</summary>
    /// <param name="form">How it is written.</param>
    /// <returns>The text; null where nothing can be said.</returns>
    public string? Replacement(AddressForm form) =>
        form switch
        {
            AddressForm.Address => NewAddress.ToString(),
            AddressForm.Dashed => NameFollows ? NewDashed : null,
            _ => NewName,
        };

    private static IPAddress Parse(string text) =>
        IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : throw new ArgumentException($"'{text}' is not an IP address.", nameof(text));

    private static string? Dashes(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? address.ToString().Replace('.', '-') : null;
}
