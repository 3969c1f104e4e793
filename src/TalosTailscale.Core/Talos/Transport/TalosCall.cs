namespace TalosTailscale.Core.Talos;

/// <summary>What the transport needs to know of a call.</summary>
/// <param name="Name">The method, for messages.</param>
/// <param name="Role">The least role that Talos asks for (siderolabs/talos internal/app/machined/.../machined.go).</param>
/// <param name="Repeatable">True if doing it twice is as good as once: then it is tried again after a broken connection.</param>
internal sealed record TalosCall(string Name, string Role, bool Repeatable)
{
    internal const string Reader = "os:reader";
    internal const string Operator = "os:operator";
    internal const string Admin = "os:admin";

    internal static TalosCall Read(string name, string role = Reader) => new(name, role, true);

    internal static TalosCall Change(string name, string role) => new(name, role, false);
}
