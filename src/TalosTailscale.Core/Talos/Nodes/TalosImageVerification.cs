namespace TalosTailscale.Core.Talos;

/// <summary>What a node says of an image's signature.</summary>
/// <param name="Verified">True if a rule of the machine configuration is for the image and its signature is good.</param>
/// <param name="Message">The node's words.</param>
/// <param name="Reference">The reference pinned to the digest that was verified; null where none was.</param>
public sealed record TalosImageVerification(bool Verified, string Message, string? Reference);
